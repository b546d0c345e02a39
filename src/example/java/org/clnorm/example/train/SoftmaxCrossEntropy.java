package org.clnorm.example.train;

import org.clnorm.tensor.Tensor;
import org.jocl.cl_mem;

/** The loss of a batch, which stays on the device, its gradient, and how many images are told right. */
final class SoftmaxCrossEntropy {
    static final String SOURCE = """
            // a sample a work-item; the gradient is that of the mean over the whole batch
            kernel void cross_entropy(global const float *logits, global const int *labels, global float *losses,
                                      global float *gradient, int classes, int batch)
            {
                int n = get_global_id(0);
                global const float *z = logits + n * classes;
                float most = z[0], sum = 0;
                for (int i = 1; i < classes; i++)
                    most = fmax(most, z[i]);
                for (int i = 0; i < classes; i++)
                    sum += exp(z[i] - most);
                losses[n] = log(sum) - (z[labels[n]] - most);
                for (int i = 0; i < classes; i++)
                    gradient[n * classes + i] = (exp(z[i] - most) / sum - (i == labels[n])) / batch;
            }

            // one work-item
            kernel void mean_loss(global const float *losses, int count, int batch, global float *curve,
                                  int place)
            {
                float sum = 0;
                for (int i = 0; i < count; i++)
                    sum += losses[i];
                curve[place] = sum / batch;
            }

            // one work-item; the first of the largest is the answer, and nothing is told by what is not a number
            kernel void count_right(global const float *logits, global const int *labels, int classes, int count,
                                    global int *right)
            {
                for (int n = 0; n < count; n++) {
                    float most = -INFINITY;
                    int answer = -1;
                    for (int i = 0; i < classes; i++)
                        if (logits[n * classes + i] > most) {
                            most = logits[n * classes + i];
                            answer = i;
                        }
                    *right += answer == labels[n];
                }
            }
            """;
    private static final int PLACE = 4;
    private static final int COUNT = 3;

    private final Ops ops;
    private final Variable logits;
    private final cl_mem right;
    private final Ops.Call crossEntropy;
    private final Ops.Call meanLoss;
    private final Ops.Call countRight;

    /**
     * For logits [N, classes] and N labels.
     *
     * @param batch how many samples all ranks have together, over which the mean is taken
     * @param curve where the losses of steps go
     */
    SoftmaxCrossEntropy(Ops ops, Variable logits, cl_mem labels, int batch, Tensor curve) {
        this.ops = ops;
        this.logits = logits;
        int samples = logits.dim(0);
        int classes = logits.dim(1);
        right = ops.ints(1);
        Tensor losses = ops.tensor(samples);
        crossEntropy = ops.call(SOURCE, "cross_entropy", samples, logits.value(), labels, losses, logits.gradient(),
                classes, batch);
        meanLoss = ops.call(SOURCE, "mean_loss", 1, losses, samples, batch, curve, 0);
        countRight = ops.call(SOURCE, "count_right", 1, logits.value(), labels, classes, samples, right);
    }

    /** Computes the gradient, and the loss, or what these samples add to it, into a place of the curve. */
    void run(int place) {
        crossEntropy.run(logits.gradient());
        meanLoss.set(PLACE, place);
        meanLoss.run();
    }

    /** Begins to count. */
    void clear() {
        ops.write(right, 0);
    }

    /** Counts how many of the first samples are told right. */
    void count(int samples) {
        countRight.set(COUNT, samples);
        countRight.run();
    }

    /** How many were right since the count began; waits. */
    int right() {
        return ops.read(right, 1)[0];
    }
}
