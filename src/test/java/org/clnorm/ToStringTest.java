package org.clnorm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Locale;
import org.junit.jupiter.api.Test;

/** Layers print as they do in PyTorch. */
class ToStringTest {
    @Test
    void batchNorm() {
        String rest = "(64, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True)";
        assertEquals("BatchNorm1d" + rest, new BatchNorm1d(64).toString());
        assertEquals("BatchNorm2d" + rest, new BatchNorm2d(64).toString());
        assertEquals("BatchNorm3d" + rest, new BatchNorm3d(64).toString());
        assertEquals("BatchNorm2d(3, eps=0.001, momentum=0.01, affine=False, track_running_stats=False)",
                BatchNorm2d.builder(3)
                .eps(1e-3).momentum(0.01).affine(false).trackRunningStats(false).build().toString());
        assertEquals("BatchNorm2d(3, eps=1e-05, momentum=None, affine=True, track_running_stats=True)",
                BatchNorm2d.builder(3).cumulativeMomentum().build().toString());
    }

    @Test
    void instanceNorm() {
        String rest = "(100, eps=1e-05, momentum=0.1, affine=False, track_running_stats=False)";
        assertEquals("InstanceNorm1d" + rest, new InstanceNorm1d(100).toString());
        assertEquals("InstanceNorm2d" + rest, new InstanceNorm2d(100).toString());
        assertEquals("InstanceNorm3d" + rest, new InstanceNorm3d(100).toString());
    }

    @Test
    void groupNorm() {
        assertEquals("GroupNorm(3, 6, eps=1e-05, affine=True)", new GroupNorm(3, 6).toString());
        assertEquals("GroupNorm(3, 6, eps=1e-05, affine=False)", GroupNorm.builder(3, 6).affine(false).build()
                .toString());
    }

    @Test
    void layerNorm() {
        assertEquals("LayerNorm((10,), eps=1e-05, elementwise_affine=True)", new LayerNorm(10).toString());
        assertEquals("LayerNorm((64, 256, 256), eps=1e-05, elementwise_affine=False)",
                LayerNorm.builder(64, 256, 256).elementwiseAffine(false).build().toString());
    }

    @Test
    void numbersAsPythonPrintsThem() {
        assertEquals("0.0", Python.repr(0));
        assertEquals("1.0", Python.repr(1));
        assertEquals("0.1", Python.repr(0.1));
        assertEquals("0.0001", Python.repr(1e-4));
        assertEquals("0.00012", Python.repr(1.2e-4));
        assertEquals("9.9e-05", Python.repr(9.9e-5));
        assertEquals("1e-05", Python.repr(1e-5));
        assertEquals("1.5e-07", Python.repr(1.5e-7));
        assertEquals("2.220446049250313e-16", Python.repr(0x1p-52));
        assertEquals("1e-100", Python.repr(1e-100));
        assertEquals("123456.0", Python.repr(123456));
        assertEquals("1e+16", Python.repr(1e16));
        assertEquals("1000000000000000.0", Python.repr(1e15));
        // Java 17 would print one digit too many
        assertEquals("2e-323", Python.repr(2e-323));
        assertEquals("2e+23", Python.repr(2e23));
    }

    @Test
    void inEveryLocale() {
        Locale before = Locale.getDefault();
        try {
            Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
            assertEquals("GroupNorm(3, 6, eps=1e-05, affine=True)", new GroupNorm(3, 6).toString());
        } finally {
            Locale.setDefault(before);
        }
    }
}
