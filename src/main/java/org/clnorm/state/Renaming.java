package org.clnorm.state;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** A state on its way between PyTorch's names and another framework's. */
final class Renaming {
    private static final String LOG_DEVIATION = "log10stdev";
    /** What TensorFlow appends to a variable's name. */
    private static final String VARIABLE = ":0";

    private final Framework framework;
    private final StateDict source;
    private final StateDict target = new StateDict();
    private final Map<String, HostTensor> additions = new LinkedHashMap<>();

    Renaming(Framework framework, StateDict source) {
        this.framework = framework;
        this.source = source;
        source.metadata().forEach(target::putMetadata);
    }

    StateDict toPyTorch() {
        source.tensors().forEach((key, tensor) -> {
            String plain = key.endsWith(VARIABLE) ? key.substring(0, key.length() - VARIABLE.length()) : key;
            int split = split(plain);
            String last = plain.substring(split);
            String ours = framework.ours(last);
            if (ours == null) {
                put(key, tensor, key);
                return;
            }
            String layer = dotted(plain.substring(0, split));
            HostTensor values = converted(last, key, tensor);
            put(layer + ours, values, key);
            complete(layer, ours, values);
        });
        additions.forEach((name, tensor) -> {
            if (!target.contains(name)) {
                target.put(name, tensor);
            }
        });
        return target;
    }

    /** Notes what the frameworks do not keep, and PyTorch's layers have. */
    private void complete(String layer, String name, HostTensor values) {
        if (name.equals(Names.MEAN)) {
            additions.put(layer + Names.BATCHES, HostTensor.ofLongs(new long[1]));
        }
        if (name.equals(Names.BIAS)) {
            additions.put(layer + Names.WEIGHT, ones(values));
        }
    }

    private static HostTensor ones(HostTensor like) {
        double[] ones = new double[like.count()];
        Arrays.fill(ones, 1);
        return HostTensor.of(like.type(), ones, like.shape());
    }

    StateDict fromPyTorch() {
        source.tensors().forEach((key, tensor) -> {
            int split = key.lastIndexOf('.') + 1;
            String last = key.substring(split);
            String theirs = framework.theirs(last);
            if (theirs != null) {
                put(separated(key.substring(0, split)) + theirs, tensor, key);
            } else if (!last.equals(Names.BATCHES)) {
                throw new IllegalArgumentException("expected names that end in one of " + Names.ALL + " or "
                        + Names.BATCHES + ", got " + Text.quote(key));
            }
        });
        return target;
    }

    private void put(String name, HostTensor tensor, String from) {
        if (target.contains(name)) {
            throw new IllegalArgumentException("expected one array for " + Text.quote(name) + ", got "
                    + Text.quote(from) + " and another");
        }
        target.put(name, tensor);
    }

    /** Where the array's own name begins: 0, or after the separator of the longest name that the framework knows. */
    private int split(String key) {
        if (framework.ours(key) != null) {
            return 0;
        }
        for (int i = 0; i < key.length(); i++) {
            char c = key.charAt(i);
            if ((c == '/' || c == '.' || c == framework.separator()) && framework.ours(key.substring(i + 1)) != null) {
                return i + 1;
            }
        }
        return 0;
    }

    private String dotted(String layer) {
        return layer.isEmpty() ? "" : layer.substring(0, layer.length() - 1).replace('/', '.') + ".";
    }

    private String separated(String layer) {
        if (layer.isEmpty()) {
            return "";
        }
        String name = layer.substring(0, layer.length() - 1);
        return (framework.separator() == '/' ? name.replace('.', '/') : name) + framework.separator();
    }

    private HostTensor converted(String name, String key, HostTensor tensor) {
        if (framework != Framework.DL4J) {
            return tensor;
        }
        HostTensor values = name.equals(LOG_DEVIATION) ? variance(key, tensor) : tensor;
        long[] shape = tensor.shape();
        boolean row = shape.length == 2 && shape[0] == 1;
        return row ? HostTensor.ofBytes(values.type(), bytes(values), shape[1]) : values;
    }

    private static byte[] bytes(HostTensor tensor) {
        byte[] bytes = new byte[tensor.bytes().remaining()];
        tensor.bytes().get(bytes);
        return bytes;
    }

    private static HostTensor variance(String key, HostTensor tensor) {
        return Scaled.each(key, tensor, logDeviation -> Math.pow(10, 2 * logDeviation));
    }
}
