package org.clnorm;

/**
 * What a rank knows of its values, or all together: how many a channel has, and mean and biased variance of every
 * channel.
 */
record RankMoments(double count, double[] mean, double[] variance) {
    /** What the rank tells the others: its count, the means, and the sums of squares of differences from them. */
    double[] message() {
        int channels = mean.length;
        double[] message = new double[1 + 2 * channels];
        message[0] = count;
        for (int c = 0; c < channels; c++) {
            message[1 + c] = mean[c];
            message[1 + channels + c] = count * variance[c];
        }
        return message;
    }

    /** Puts the messages of all ranks together, in the order of ranks: the same bits on every rank. */
    static RankMoments merged(double[] messages, int channels) {
        double[] mean = new double[channels];
        double[] squares = new double[channels];
        double count = 0;
        for (int from = 0; from < messages.length; from += 1 + 2 * channels) {
            if (messages[from] > 0) {
                count += messages[from];
                for (int c = 0; c < channels; c++) {
                    add(mean, squares, c, messages[from + 1 + c], messages[from + 1 + channels + c],
                            messages[from], count);
                }
            }
        }
        for (int c = 0; c < channels && count > 0; c++) {
            squares[c] /= count;
        }
        return new RankMoments(count, mean, squares);
    }

    /** Chan, Golub and LeVeque, 1979: no difference of large sums, so nothing cancels. */
    private static void add(double[] mean, double[] squares, int c, double otherMean, double otherSquares, double other,
            double count) {
        double apart = otherMean - mean[c];
        double share = other / count;
        mean[c] = share == 1 ? otherMean : mean[c] + apart * share;
        squares[c] += otherSquares + (share == 1 ? 0 : apart * apart * share * (count - other));
    }
}
