package org.clnorm.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Axes of many shapes: the layers' own, and others a plan may meet. */
final class ViewsOfTests {
    private static final long[] SIZES = {1, 2, 3, 5};

    private ViewsOfTests() {
    }

    static List<Axis> batch(long n, long c, long s, long param) {
        return List.of(Axis.reduced(n, c * s, 0), Axis.kept(c, s, param), Axis.reduced(s, 1, 0));
    }

    static List<Axis> instance(long n, long c, long s, long param) {
        return List.of(Axis.kept(n, c * s, 0), Axis.kept(c, s, param), Axis.reduced(s, 1, 0));
    }

    static List<Axis> group(long n, long g, long m, long s, long param) {
        return List.of(Axis.kept(n, g * m * s, 0), Axis.kept(g, m * s, m * param), Axis.reduced(m, s, param),
                Axis.reduced(s, 1, 0));
    }

    /** Group normalization with channels last; of one member each, instance normalization. */
    static List<Axis> groupLast(long n, long s, long g, long m, long param) {
        return List.of(Axis.kept(n, s * g * m, 0), Axis.reduced(s, g * m, 0), Axis.kept(g, m, m * param),
                Axis.reduced(m, 1, param));
    }

    /** Layer normalization over the channels of [n, c, s]. */
    static List<Axis> overChannels(long n, long c, long s, long param) {
        return List.of(Axis.kept(n, c * s, 0), Axis.reduced(c, s, param), Axis.kept(s, 1, 0));
    }

    static List<Axis> layer(long rows, long length, long param) {
        return List.of(Axis.kept(rows, length, 0), Axis.reduced(length, 1, param));
    }

    /** The layers' axes, with and without parameters. */
    static List<List<Axis>> layers() {
        List<List<Axis>> all = new ArrayList<>();
        for (long a : SIZES) {
            for (long b : SIZES) {
                for (long param = 0; param < 2; param++) {
                    all.add(layer(a, b, param));
                    for (long c : SIZES) {
                        all.add(batch(a, b, c, param));
                        all.add(instance(a, b, c, param));
                        all.add(overChannels(a, b, c, param));
                        for (long d : SIZES) {
                            all.add(group(a, b, c, d, param));
                            all.add(groupLast(a, b, c, d, param));
                        }
                    }
                }
            }
        }
        return all;
    }

    /** Layouts that other layers would have: channels last, weights of a sample, axes in any role, gaps. */
    static List<List<Axis>> others() {
        List<List<Axis>> all = new ArrayList<>();
        for (long n : SIZES) {
            for (long s : SIZES) {
                for (long c : SIZES) {
                    all.add(List.of(Axis.reduced(n * s, c, 0), Axis.kept(c, 1, 1)));
                    all.add(List.of(Axis.kept(n, s * c, 0), Axis.reduced(s, c, 0), Axis.kept(c, 1, 1)));
                    all.add(List.of(Axis.kept(n, c * s, c), Axis.kept(c, s, 1), Axis.reduced(s, 1, 0)));
                    all.add(List.of(Axis.reduced(n, c * s, c), Axis.kept(c, s, 1), Axis.reduced(s, 1, 0)));
                    all.add(List.of(Axis.kept(n, c * s, 0), Axis.reduced(c, s, 1), Axis.kept(s, 1, 0)));
                    all.add(List.of(Axis.reduced(n, 2 * c * s, 0), Axis.kept(c, s, 1), Axis.reduced(s, 1, 0)));
                    all.add(List.of(Axis.kept(n, 2 * c, 0), Axis.reduced(c, 2, 1)));
                }
            }
        }
        all.addAll(random());
        return all;
    }

    /** Dense buffers whose axes have arbitrary roles. */
    private static List<List<Axis>> random() {
        Random random = new Random(42);
        List<List<Axis>> all = new ArrayList<>();
        for (int i = 0; i < 3000; i++) {
            List<Axis> axes = new ArrayList<>();
            long stride = 1;
            long param = 1;
            for (int depth = random.nextInt(5); depth > 0; depth--) {
                long size = 1 + random.nextInt(4);
                boolean moves = random.nextBoolean();
                axes.add(0, new Axis(size, stride, random.nextBoolean(), moves ? param : 0));
                stride *= size;
                param *= moves ? size : 1;
            }
            all.add(axes);
        }
        return all;
    }
}
