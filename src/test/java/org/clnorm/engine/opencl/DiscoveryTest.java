package org.clnorm.engine.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.clnorm.plan.KernelSet;
import org.clnorm.plan.Reduction;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.DeviceException;
import org.clnorm.tensor.DeviceInfo;
import org.clnorm.tensor.DeviceRequest;
import org.jocl.CL;
import org.junit.jupiter.api.Test;

class DiscoveryTest {
    private static DeviceFacts facts(String platform, String name, long type, long memory, int units) {
        return new DeviceFacts(null, null, "opencl:0:0", platform, "OpenCL 3.0", name, type, "1", "OpenCL 3.0 x", true,
                units, memory, memory / 4, 256, 32768, 16, 0, "");
    }

    private static DeviceFacts version(String version) {
        return new DeviceFacts(null, null, "", "", "", "", CL.CL_DEVICE_TYPE_GPU, "", version, true, 1, 1, 1, 1, 1, 1,
                0, "");
    }

    @Test
    void realGpusComeFirstAndEmulatorsLast() {
        DeviceFacts grind = facts("Oclgrind", "Oclgrind Simulator", CL.CL_DEVICE_TYPE_GPU, 1L << 40, 99);
        DeviceFacts pipe = facts("rusticl", "llvmpipe (LLVM 15)", CL.CL_DEVICE_TYPE_CPU, 1L << 40, 99);
        DeviceFacts cpu = facts("Portable Computing Language", "pthread", CL.CL_DEVICE_TYPE_CPU, 1L << 36, 64);
        DeviceFacts small = facts("NVIDIA CUDA", "small", CL.CL_DEVICE_TYPE_GPU, 1L << 32, 20);
        DeviceFacts large = facts("NVIDIA CUDA", "large", CL.CL_DEVICE_TYPE_GPU, 1L << 34, 20);
        DeviceFacts many = facts("NVIDIA CUDA", "many", CL.CL_DEVICE_TYPE_GPU, 1L << 34, 40);
        DeviceFacts board = facts("board", "board", CL.CL_DEVICE_TYPE_ACCELERATOR, 1L << 34, 40);
        assertEquals(List.of(many, large, small, board, cpu, grind, pipe),
                Discovery.ranked(Stream.of(pipe, cpu, small, grind, board, large, many)));
        assertEquals(KernelSet.GPU, large.suitedKernels());
        assertEquals(KernelSet.CPU, cpu.suitedKernels());
    }

    @Test
    void oldDevicesAreNotUsable() {
        for (String good : List.of("OpenCL 1.2 PoCL", "OpenCL 3.0", "OpenCL 2.0 AMD-APP")) {
            assertEquals("", version(good).problem());
        }
        assertTrue(version("OpenCL 1.1 Old").problem().contains("OpenCL 1.2 or later"));
        assertFalse(version("nonsense").usable());
    }

    @Test
    void vectorWidthIsAPowerOfTwoInBounds() {
        assertEquals(16, facts("", "", CL.CL_DEVICE_TYPE_CPU, 1, 1).traits(KernelSet.CPU).vectorWidth());
        assertEquals(4, version("").traits(KernelSet.CPU).vectorWidth());
    }

    @Test
    void poclIsLeftAloneUnlessItsHandlerIsOff() {
        String pocl = "Portable Computing Language";
        assertTrue(new PoclGuard(Map.of()).mayHarm(pocl));
        assertTrue(new PoclGuard(Map.of("POCL_SIGFPE_HANDLER", "1")).mayHarm(pocl));
        assertFalse(new PoclGuard(Map.of("POCL_SIGFPE_HANDLER", "0")).mayHarm(pocl));
        assertFalse(new PoclGuard(Map.of()).mayHarm("NVIDIA CUDA"));
    }

    /** The process has the handler off; the provider is told that it is not. */
    @Test
    void listingDoesNotStartPocl() {
        TestDevices.open("auto", "").close();
        List<String> calls = new ArrayList<>();
        FaultPlan recorder = (call, index) -> {
            calls.add(call);
            return 0;
        };
        List<DeviceInfo> infos = new OpenClProvider(new Setup(recorder, new Ledger(), Map.of())).list();
        List<DeviceInfo> pocl = infos.stream().filter(info -> info.platform().startsWith("Portable")).toList();
        long others = infos.stream().filter(info -> !info.platform().startsWith("Portable")).count();
        for (DeviceInfo info : pocl) {
            assertTrue(info.note().contains(PoclGuard.CURE), info.note());
            assertTrue(info.usable());
        }
        if (others == 0) {
            assertFalse(calls.contains("clGetDeviceIDs"), calls.toString());
            assertTrue(pocl.get(0).chosen());
        }
    }

    /** What was left alone is still found when it is asked for, or when there is nothing else. */
    @Test
    void poclIsStartedWhenAskedFor() {
        TestDevices.open("auto", "").close();
        Setup setup = new Setup(FaultPlan.NONE, new Ledger(), Map.of("CLNORM_CACHE_DIR", ""));
        OpenClProvider provider = new OpenClProvider(setup);
        for (DeviceInfo info : provider.list()) {
            if (info.usable()) {
                provider.open(DeviceRequest.of(info.selector())).close();
            }
        }
        provider.open(DeviceRequest.of("opencl")).close();
    }

    @Test
    void listSurvivesEveryFault() {
        for (int k = 0; k < 60; k++) {
            int at = k;
            FaultPlan faults = (call, index) -> index == at ? -5 : 0;
            new OpenClProvider(new Setup(faults, new Ledger(), System.getenv())).list();
        }
        FaultPlan all = (call, index) -> -1001;
        DeviceInfo none = new OpenClProvider(new Setup(all, new Ledger(), System.getenv())).list().get(0);
        assertFalse(none.usable());
        assertTrue(none.note().contains("install"), none.note());
    }

    @Test
    void noPlatformIsOneClearMessage() {
        FaultPlan none = (call, index) -> call.equals("clGetPlatformIDs") ? -1001 : 0;
        TestDevices.open("auto", "").close();
        DeviceException failure = assertThrows(DeviceException.class,
                () -> new OpenClProvider(new Setup(none, new Ledger(), Map.of())).open(DeviceRequest.of("opencl")));
        assertTrue(failure.getMessage().contains("install"), failure.getMessage());
    }

    @Test
    void selectorsByIndexAndText() {
        String name;
        try (Device best = TestDevices.open("auto", "")) {
            name = best.name();
        }
        OpenClProvider provider = new OpenClProvider();
        DeviceInfo chosen = provider.list().stream().filter(DeviceInfo::chosen).findFirst().orElseThrow();
        assertEquals(name, chosen.name());
        String part = name.substring(1, name.length() - 1).toUpperCase(Locale.ROOT);
        String platform = chosen.platform().substring(0, 5).toLowerCase(Locale.ROOT);
        for (String selector : List.of(chosen.selector(), "opencl:" + part, "opencl:" + platform)) {
            try (Device device = provider.open(DeviceRequest.of(selector))) {
                assertEquals(name, device.name());
            }
        }
        for (String selector : List.of("opencl:no such thing", "opencl:99:0", "opencl:0:99")) {
            DeviceException none = assertThrows(DeviceException.class, () -> provider.open(DeviceRequest.of(selector)));
            assertTrue(none.getMessage().contains("there are: "), none.getMessage());
        }
    }

    @Test
    void badRequestsAreRefusedBeforeAnyCall() {
        FaultPlan none = (call, index) -> {
            throw new AssertionError("called " + call);
        };
        OpenClProvider provider = new OpenClProvider(new Setup(none, new Ledger(), Map.of()));
        for (DeviceRequest bad : List.of(DeviceRequest.of("opencl:"), DeviceRequest.of("opencl: "),
                DeviceRequest.of("openclx"), DeviceRequest.of("opencl").withKernels("tpu"),
                DeviceRequest.of("opencl").withVariant("none"))) {
            assertThrows(IllegalArgumentException.class, () -> provider.open(bad), bad.toString());
        }
    }

    private static DeviceFacts meeting(String platform, String version, String extensions) {
        return new DeviceFacts(null, null, "", platform, "", "", CL.CL_DEVICE_TYPE_GPU, "", version, true, 1, 1, 1, 1,
                1, 1, 0, extensions);
    }

    @Test
    void workItemsMeetByWhatTheDeviceHas() {
        DeviceFacts nvidia = meeting("NVIDIA CUDA", "OpenCL 3.0 CUDA", "cl_khr_fp64 cl_nv_compiler_options");
        assertEquals(Reduction.SHUFFLES, nvidia.traits(KernelSet.GPU).reduction());
        assertEquals("CL1.2", nvidia.language());
        assertTrue(nvidia.limitsRegisters());
        DeviceFacts amd = meeting("AMD", "OpenCL 2.0 AMD-APP", "cl_khr_fp64 cl_khr_subgroups cl_khr_fp16");
        assertEquals(Reduction.SUB_GROUPS, amd.traits(KernelSet.GPU).reduction());
        assertEquals("CL2.0", amd.language());
        assertFalse(amd.limitsRegisters());
        DeviceFacts intel = meeting("Intel", "OpenCL 3.0 NEO", "cl_khr_subgroups");
        assertEquals(Reduction.SUB_GROUPS, intel.traits(KernelSet.GPU).reduction());
        assertEquals("CL3.0", intel.language());
        for (DeviceFacts other : List.of(meeting("x", "OpenCL 3.0 PoCL", "cl_khr_subgroups_x cl_khr_fp64"),
                meeting("x", "OpenCL 1.2 x", "cl_khr_subgroups"), meeting("x", "OpenCL 3.0 x", ""))) {
            assertEquals(Reduction.LOCAL_MEMORY, other.traits(KernelSet.GPU).reduction());
            assertEquals("CL1.2", other.language());
        }
    }
}
