package org.clnorm.engine;

/**
 * What the gradients of a pass over several devices are made of, one a channel.
 *
 * @param dweight what this device stores, or adds, as the gradient of the weight
 * @param dbias   what it stores, or adds, as that of the bias
 * @param meanG   the mean of dy over the whole batch
 * @param meanGx  the mean of dy · x̂ over the whole batch
 */
public record SyncSums(double[] dweight, double[] dbias, double[] meanG, double[] meanGx) {
}
