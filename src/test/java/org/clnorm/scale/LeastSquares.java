package org.clnorm.scale;

import java.util.ArrayList;
import java.util.List;

/** Coefficients, none of them negative, of a sum of terms that comes nearest to measured values. */
final class LeastSquares {
    private LeastSquares() {
    }

    /**
     * Makes the sum of squared relative errors least: times span three powers of ten, and one of 5 µs is to be as
     * right as one of 5 ms. Of so few terms every choice of those that are not 0 can be tried.
     *
     * @param terms    of each measurement, as many of each
     * @param measured what they should add up to, above 0
     * @return a coefficient for each term
     */
    static double[] fit(List<double[]> terms, double[] measured) {
        int all = terms.get(0).length;
        double[] best = new double[all];
        double least = Double.POSITIVE_INFINITY;
        for (int chosen = 1; chosen < 1 << all; chosen++) {
            double[] found = solve(terms, measured, chosen);
            double error = found == null ? Double.POSITIVE_INFINITY : squares(terms, measured, found);
            if (error < least * (1 - 1e-9)) {
                least = error;
                best = found;
            }
        }
        return best;
    }

    static double sum(double[] coefficients, double[] terms) {
        double sum = 0;
        for (int i = 0; i < terms.length; i++) {
            sum += coefficients[i] * terms[i];
        }
        return sum;
    }

    private static double squares(List<double[]> terms, double[] measured, double[] coefficients) {
        double squares = 0;
        for (int row = 0; row < measured.length; row++) {
            double error = sum(coefficients, terms.get(row)) / measured[row] - 1;
            squares += error * error;
        }
        return squares;
    }

    /** With the chosen terms alone; null where they cannot be told apart, or one would be negative. */
    private static double[] solve(List<double[]> terms, double[] measured, int chosen) {
        List<Integer> columns = new ArrayList<>();
        for (int i = 0; i < terms.get(0).length; i++) {
            if ((chosen >> i & 1) == 1) {
                columns.add(i);
            }
        }
        List<double[]> orthogonal = new ArrayList<>();
        int size = columns.size();
        double[][] triangle = new double[size][size];
        for (int j = 0; j < size; j++) {
            double[] column = column(terms, measured, columns.get(j));
            double length = Math.sqrt(dot(column, column));
            for (int i = 0; i < j; i++) {
                triangle[i][j] = dot(orthogonal.get(i), column);
                subtract(column, orthogonal.get(i), triangle[i][j]);
            }
            triangle[j][j] = Math.sqrt(dot(column, column));
            if (triangle[j][j] <= 1e-6 * length) {
                return null;
            }
            divide(column, triangle[j][j]);
            orthogonal.add(column);
        }
        return backwards(triangle, orthogonal, columns, terms.get(0).length);
    }

    private static double[] backwards(double[][] triangle, List<double[]> orthogonal, List<Integer> columns, int all) {
        double[] coefficients = new double[all];
        for (int i = columns.size() - 1; i >= 0; i--) {
            // relative errors: each measured value is 1
            double right = 0;
            for (double value : orthogonal.get(i)) {
                right += value;
            }
            for (int j = i + 1; j < columns.size(); j++) {
                right -= triangle[i][j] * coefficients[columns.get(j)];
            }
            double coefficient = right / triangle[i][i];
            if (coefficient < 0) {
                return null;
            }
            coefficients[columns.get(i)] = coefficient;
        }
        return coefficients;
    }

    private static double[] column(List<double[]> terms, double[] measured, int term) {
        double[] column = new double[measured.length];
        for (int row = 0; row < column.length; row++) {
            column[row] = terms.get(row)[term] / measured[row];
        }
        return column;
    }

    private static double dot(double[] a, double[] b) {
        double dot = 0;
        for (int i = 0; i < a.length; i++) {
            dot += a[i] * b[i];
        }
        return dot;
    }

    private static void subtract(double[] from, double[] direction, double times) {
        for (int i = 0; i < from.length; i++) {
            from[i] -= times * direction[i];
        }
    }

    private static void divide(double[] values, double divisor) {
        for (int i = 0; i < values.length; i++) {
            values[i] /= divisor;
        }
    }
}
