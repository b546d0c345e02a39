package org.clnorm.bench.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import java.util.List;
import java.util.Map;
import org.clnorm.conformance.Case;
import org.clnorm.conformance.ReferenceCheck;
import org.clnorm.conformance.Verdict;
import org.clnorm.conformance.Workload;
import org.clnorm.tensor.Device;
import org.junit.jupiter.api.Test;

class PyTorchTest {
    private static final double LENIENCY = 1e-4;
    private static final double HALF_LENIENCY = Math.scalb(4.0, -8);

    /**
     * A line for every setting that PyTorch knows. Without a batch PyTorch 2.13's backward pass of channels last takes
     * dy for contiguous, and dx is wrong.
     */
    private static final List<String> LINES = List.of(
            "batch_norm 8x5", "batch_norm 8x5x7 steps=tte momentum=none", "batch_norm 4x5x6x7 mode=eval",
            "batch_norm 2x3x4x5x6 affine=false track=false", "batch_norm 4x5x6x7 bias=false eps=0.01 momentum=0.3",
            "batch_norm 4x5x6x7 freeze=weight+statistics", "batch_norm 4x5x6 steps=tt accumulate=true",
            "instance_norm 4x5x6x7", "instance_norm 4x5x6 affine=true track=true steps=te",
            "instance_norm 5x6x7 unbatched=true affine=true", "instance_norm 2x3x4x5x6 affine=true freeze=bias",
            "group_norm 4x6x5x7 groups=3", "group_norm 4x6 groups=2 bias=false",
            "group_norm 4x6x7 groups=1 affine=false",
            "batch_norm 4x5x6x7 layout=nhwc", "batch_norm 4x5x6x7 layout=nhwc mode=eval",
            "instance_norm 4x5x6x7 layout=nhwc affine=true track=true steps=te",
            "instance_norm 5x6x7 layout=nhwc unbatched=true backward=false",
            "group_norm 4x6x5x7 layout=nhwc groups=3",
            "layer_norm 12x31 normalized_shape=31", "layer_norm 3x4x5 normalized_shape=4x5 affine=false",
            "rms_norm 12x31 normalized_shape=31", "rms_norm 3x4x5 normalized_shape=4x5 affine=false eps=0.01",
            "rms_norm 12x31 normalized_shape=31 zero_centered=true steps=tt accumulate=true",
            "layer_norm 12x31 normalized_shape=31 zero_centered=true bias=false activation=silu",
            "layer_norm 3x8x5 axes=1", "rms_norm 3x4x5x6 axes=1x3 zero_centered=true",
            "layer_norm 3x4x5 axes=0x2 activation=silu", "batch_norm 8x5x7 activation=relu",
            "batch_norm 8x5x7 activation=leaky_relu:0.2 mode=eval",
            "group_norm 4x6x7 groups=3 activation=gelu", "instance_norm 4x5x6 affine=true activation=gelu_tanh",
            "layer_norm 12x31 normalized_shape=31 residual=before",
            "rms_norm 12x31 normalized_shape=31 residual=before",
            "layer_norm 12x31 normalized_shape=31 residual=before activation=gelu steps=tt accumulate=true",
            "batch_norm 4x5x6x7 residual=after activation=relu freeze=bias", "group_norm 4x6x7 groups=2 residual=after",
            "instance_norm 4x5x6x7 residual=after activation=relu",
            "batch_norm 4x5x6x7 residual=after mode=eval backward=false",
            "layer_norm 12x31 normalized_shape=31 residual=before backward=false",
            "layer_norm 12x31 normalized_shape=31 bias=false backward=false");

    /** What is stored in 16 bits, with parameters in float and in 16 bits. */
    private static final List<String> HALF_LINES = List.of("layer_norm 64x96 normalized_shape=96 dtype=bf16",
            "layer_norm 64x96 normalized_shape=96 dtype=f16 parameters=storage", "batch_norm 8x6x9x7 dtype=bf16",
            "group_norm 4x6x5x7 groups=3 dtype=bf16 parameters=storage", "instance_norm 4x6x5x7 affine=true dtype=f16",
            "rms_norm 64x96 normalized_shape=96 dtype=bf16 parameters=storage",
            "rms_norm 64x96 normalized_shape=96 dtype=f16",
            "layer_norm 64x96 normalized_shape=96 dtype=bf16 residual=before",
            "batch_norm 8x6x9x7 dtype=f16 activation=gelu");

    private static Peer pytorch(Device device) {
        try {
            return PyTorch.beside(device).get(0);
        } catch (PeerException missing) {
            return abort("no PyTorch here: " + missing.getMessage());
        }
    }

    @Test
    void computesWhatTheReferenceComputes() {
        try (Device device = Device.cpu(); Peer peer = pytorch(device); ReferenceCheck check = new ReferenceCheck()) {
            assertTrue(peer.version().startsWith("PyTorch "), peer.version());
            for (String line : LINES) {
                Case what = Case.of(Workload.parse(line));
                List<Verdict> wrong = check.verdicts(what, peer::open, LENIENCY).stream()
                        .filter(verdict -> !verdict.passed()).toList();
                assertEquals(List.of(), wrong, line);
            }
            Turn forwardOnly = peer.turn();
            assertTrue(forwardOnly.forward() > 0 && forwardOnly.backward() == 0, forwardOnly.toString());
            peer.open(Case.of(Workload.parse(LINES.get(0))));
            Turn both = peer.turn();
            assertTrue(both.forward() > 0 && both.backward() > 0, both.toString());
        }
    }

    @Test
    void computesWhatIsStoredInSixteenBits() {
        try (Device device = Device.cpu(); Peer peer = pytorch(device); ReferenceCheck check = new ReferenceCheck()) {
            for (String line : HALF_LINES) {
                List<Verdict> wrong = check.verdicts(Case.of(Workload.parse(line)), peer::open, HALF_LENIENCY).stream()
                        .filter(verdict -> !verdict.passed()).toList();
                assertEquals(List.of(), wrong, line);
            }
        }
    }

    @Test
    void refusesWhatItDoesOtherwise() {
        try (Device device = Device.cpu(); Peer peer = pytorch(device)) {
            Case biased = Case.of(Workload.parse("batch_norm 4x5x6 variance=biased"));
            assertEquals("PyTorch's running variance is the unbiased one",
                    assertThrows(IllegalArgumentException.class, () -> peer.open(biased)).getMessage());
            assertThrows(PeerException.class, peer::turn);
        }
    }

    @Test
    void saysHowToGetIt() {
        try (Device device = Device.cpu()) {
            String message = assertThrows(PeerException.class, () -> PyTorch.beside(device,
                    Map.of(PyTorch.PYTHON_VARIABLE, "/no/such/python"))).getMessage();
            assertTrue(message.contains("/no/such/python") && message.contains("scripts/pytorch-setup")
                    && message.contains(PyTorch.PYTHON_VARIABLE), message);
        }
    }
}
