package org.clnorm.plan;

import java.util.HashMap;
import java.util.Map;
import org.clnorm.tensor.DataType;

/** How {@code common/storage.cl} is told of what tensors are made. */
final class StorageOptions {
    private static final String TENSORS = "STORAGE";
    private static final String PARAMETERS = "PARAMETERS_STORAGE";
    private static final int FLOAT64 = 3;

    private StorageOptions() {
    }

    /** The build options of tensors and parameters of some types; what is F32 need not be said. */
    static Map<String, Integer> of(DataType tensors, DataType parameters) {
        Map<String, Integer> options = new HashMap<>();
        put(options, TENSORS, tensors);
        put(options, PARAMETERS, parameters);
        return options;
    }

    private static void put(Map<String, Integer> options, String name, DataType type) {
        switch (type) {
            case F32 -> { }
            case F16 -> options.put(name, 1);
            case BF16 -> options.put(name, 2);
            case F64 -> options.put(name, FLOAT64);
        }
    }

    /** How kernels that copy elements are told of their size. */
    static int option(int elementBytes) {
        return elementBytes == Double.BYTES ? FLOAT64 : elementBytes == Float.BYTES ? 0 : 1;
    }

    static boolean isDouble(Map<String, Integer> options) {
        return options.getOrDefault(TENSORS, 0) == FLOAT64;
    }
}
