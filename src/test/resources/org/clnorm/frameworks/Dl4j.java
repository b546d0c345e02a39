import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.CnnLossLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions;

/**
 * Prints what DL4J's BatchNormalization keeps and computes, for make.py: java -cp … Dl4j.java [log]. Needs
 * org.deeplearning4j:deeplearning4j-nn and org.nd4j:nd4j-native 1.0.0-M2.1.
 */
public class Dl4j {
    public static void main(String[] args) {
        boolean log = args.length > 0;
        MultiLayerConfiguration conf = new NeuralNetConfiguration.Builder().updater(new Sgd(0)).list()
                .layer(new BatchNormalization.Builder().useLogStd(log).build())
                .layer(new CnnLossLayer.Builder(LossFunctions.LossFunction.MSE).activation(Activation.IDENTITY).build())
                .setInputType(InputType.convolutional(2, 2, 3)).build();
        MultiLayerNetwork net = new MultiLayerNetwork(conf);
        net.init();
        float[] var = {3, 0.375f, 1.25f};
        if (log) {
            for (int c = 0; c < 3; c++) {
                var[c] = (float) Math.log10(Math.sqrt(var[c]));
            }
        }
        set(net, "0_gamma", 0.5f, 1.5f, -1);
        set(net, "0_beta", 0.25f, 0, -0.75f);
        set(net, "0_mean", 0.75f, -2.5f, 0.125f);
        set(net, log ? "0_log10stdev" : "0_var", var);
        print(net, "before");
        INDArray x = Nd4j.create(input(), new long[] {4, 3, 2, 2}, 'c');
        print("values", "y_eval", net.output(x, false));
        print("values", "y_train", net.output(x, true));
        net.fit(new DataSet(x, x.mul(0)));
        print(net, "after");
    }

    private static float[] input() {
        float[] scale = {2, 0.5f, 1};
        float[] offset = {1, -3, 0};
        float[] x = new float[48];
        for (int i = 0; i < x.length; i++) {
            x[i] = (i * 7919 % 97 - 48) / 16f * scale[i / 4 % 3] + offset[i / 4 % 3];
        }
        return x;
    }

    private static void set(MultiLayerNetwork net, String name, float... values) {
        net.setParam(name, Nd4j.create(values).reshape(1, 3));
    }

    private static void print(MultiLayerNetwork net, String kind) {
        net.paramTable().forEach((name, array) -> print(kind, name, array));
    }

    private static void print(String kind, String name, INDArray array) {
        String shape = LongStream.of(array.shape()).mapToObj(Long::toString).collect(Collectors.joining("x"));
        String values = Arrays.toString(array.dup('c').data().asFloat()).replaceAll("[\\[\\],]", "");
        System.out.println("| " + kind + " " + name + " " + shape + " " + values);
    }
}
