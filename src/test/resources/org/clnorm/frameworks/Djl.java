import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.norm.BatchNorm;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import ai.djl.training.Trainer;
import ai.djl.training.loss.Loss;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/**
 * Prints what DJL's BatchNorm keeps and computes, for make.py: java -cp … Djl.java. Needs ai.djl:api and
 * ai.djl.pytorch:pytorch-engine 0.35.1 with the engine's native libraries.
 */
public class Djl {
    public static void main(String[] args) {
        Map<String, float[]> state = Map.of("01BatchNorm_gamma", new float[] {0.5f, 1.5f, -1}, "01BatchNorm_beta",
                new float[] {0.25f, 0, -0.75f}, "01BatchNorm_runningMean", new float[] {0.75f, -2.5f, 0.125f},
                "01BatchNorm_runningVar", new float[] {3, 0.375f, 1.25f});
        try (NDManager manager = NDManager.newBaseManager(); Model model = Model.newInstance("norm")) {
            Shape shape = new Shape(4, 3, 2, 2);
            Block block = new SequentialBlock().add(BatchNorm.builder().build());
            model.setBlock(block);
            try (Trainer trainer = model.newTrainer(new DefaultTrainingConfig(Loss.l2Loss()))) {
                trainer.initialize(shape);
                block.getParameters().forEach(p -> p.getValue().getArray().set(state.get(p.getKey())));
                print(block, "before");
                NDList x = new NDList(manager.create(input(), shape));
                NDList y = block.forward(new ParameterStore(manager, false), x, false);
                print("values", "y_eval", y.singletonOrThrow());
                try (GradientCollector collector = trainer.newGradientCollector()) {
                    print("values", "y_train", trainer.forward(x).singletonOrThrow());
                }
                print(block, "after");
            }
        }
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

    private static void print(Block block, String kind) {
        block.getParameters().forEach(p -> print(kind, p.getKey(), p.getValue().getArray()));
    }

    private static void print(String kind, String name, NDArray array) {
        String shape = LongStream.of(array.getShape().getShape()).mapToObj(Long::toString)
                .collect(Collectors.joining("x"));
        String values = Arrays.toString(array.toFloatArray()).replaceAll("[\\[\\],]", "");
        System.out.println("| " + kind + " " + name + " " + shape + " " + values);
    }
}
