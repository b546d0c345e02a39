package org.clnorm.engine;

/** Mean and rstd of every group, in a form of the engine's own, on the device. Closing twice does nothing. */
public interface SavedStatistics extends AutoCloseable {
    @Override
    void close();
}
