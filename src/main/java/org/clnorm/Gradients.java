package org.clnorm;

import org.clnorm.tensor.Tensor;

/**
 * The gradients of a functional call; the tensors are the caller's, or the current scope's.
 *
 * @param dx      gradient of x, of its shape
 * @param dweight gradient of the weight, or null where the call had none
 * @param dbias   gradient of the bias, or null where the call had none
 */
public record Gradients(Tensor dx, Tensor dweight, Tensor dbias) implements AutoCloseable {
    @Override
    public void close() {
        dx.close();
        if (dweight != null) {
            dweight.close();
        }
        if (dbias != null) {
            dbias.close();
        }
    }
}
