package org.clnorm.engine.cpu;

import java.util.Arrays;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Half;
import org.clnorm.tensor.Storage;

/** Elements in a Java array. Values are read as doubles and rounded once, when they are set. */
abstract class ArrayStorage extends Storage {
    abstract double get(int index);

    abstract void set(int index, double value);

    abstract int length();

    /** Takes the values of a storage of the same type and length. */
    abstract void copy(ArrayStorage source);

    @Override
    public void read(long from, double[] into, int offset, int length) {
        for (int i = 0; i < length; i++) {
            into[offset + i] = get((int) from + i);
        }
    }

    @Override
    public void read(long from, float[] into, int offset, int length) {
        for (int i = 0; i < length; i++) {
            into[offset + i] = (float) get((int) from + i);
        }
    }

    @Override
    public void write(long to, double[] values, int offset, int length) {
        for (int i = 0; i < length; i++) {
            set((int) to + i, values[offset + i]);
        }
    }

    @Override
    public void write(long to, float[] values, int offset, int length) {
        for (int i = 0; i < length; i++) {
            set((int) to + i, values[offset + i]);
        }
    }

    @Override
    public void fill(double value) {
        for (int i = 0; i < length(); i++) {
            set(i, value);
        }
    }

    /** Single precision. */
    static final class Floats extends ArrayStorage {
        private float[] values;

        Floats(int length) {
            values = new float[length];
        }

        @Override
        double get(int index) {
            return values[index];
        }

        @Override
        void set(int index, double value) {
            values[index] = (float) value;
        }

        @Override
        int length() {
            return values.length;
        }

        @Override
        void copy(ArrayStorage source) {
            System.arraycopy(((Floats) source).values, 0, values, 0, values.length);
        }

        @Override
        public void read(long from, float[] into, int offset, int length) {
            System.arraycopy(values, (int) from, into, offset, length);
        }

        @Override
        public void write(long to, float[] source, int offset, int length) {
            System.arraycopy(source, offset, values, (int) to, length);
        }

        @Override
        public void fill(double value) {
            Arrays.fill(values, (float) value);
        }

        @Override
        protected void free() {
            values = null;
        }
    }

    /** Half precision or bfloat16. */
    static final class Halves extends ArrayStorage {
        private final DataType type;
        private short[] bits;

        Halves(DataType type, int length) {
            this.type = type;
            bits = new short[length];
        }

        @Override
        double get(int index) {
            return Half.value(type, bits[index]);
        }

        @Override
        void set(int index, double value) {
            bits[index] = Half.bits(type, value);
        }

        @Override
        int length() {
            return bits.length;
        }

        @Override
        void copy(ArrayStorage source) {
            System.arraycopy(((Halves) source).bits, 0, bits, 0, bits.length);
        }

        @Override
        protected void free() {
            bits = null;
        }
    }

    /** Double precision. */
    static final class Doubles extends ArrayStorage {
        private double[] values;

        Doubles(int length) {
            values = new double[length];
        }

        @Override
        double get(int index) {
            return values[index];
        }

        @Override
        void set(int index, double value) {
            values[index] = value;
        }

        @Override
        int length() {
            return values.length;
        }

        @Override
        void copy(ArrayStorage source) {
            System.arraycopy(((Doubles) source).values, 0, values, 0, values.length);
        }

        @Override
        protected void free() {
            values = null;
        }
    }
}
