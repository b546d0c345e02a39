package org.clnorm.engine.opencl;

import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.clnorm.plan.DeviceClass;
import org.clnorm.plan.KernelSet;
import org.clnorm.plan.Reduction;
import org.clnorm.plan.Thresholds;
import org.clnorm.plan.Traits;
import org.jocl.CL;
import org.jocl.cl_device_id;
import org.jocl.cl_platform_id;

/**
 * What a device says of itself.
 *
 * @param platform       its platform
 * @param id             the device
 * @param selector       {@code opencl:P:D}
 * @param platformName   the platform's name
 * @param platformVersion the platform's version
 * @param name           the device's name
 * @param type           {@code CL_DEVICE_TYPE_…} bits
 * @param driver         the driver's version
 * @param version        the version of OpenCL
 * @param ready          whether device and compiler are available
 * @param computeUnits   compute units
 * @param memoryBytes    global memory
 * @param maxAllocBytes  the largest buffer
 * @param maxWorkGroup   the most work-items a group may have
 * @param localBytes     local memory of a group
 * @param vectorWidth    floats in a vector of the hardware
 * @param floats         {@code CL_FP_…} bits: what it promises of arithmetic in float
 * @param extensions     the names of its extensions, separated by spaces
 */
record DeviceFacts(cl_platform_id platform, cl_device_id id, String selector, String platformName,
        String platformVersion, String name, long type, String driver, String version, boolean ready, int computeUnits,
        long memoryBytes, long maxAllocBytes, long maxWorkGroup, long localBytes, int vectorWidth,
        long floats, String extensions) {
    private static final Pattern VERSION = Pattern.compile("OpenCL (\\d+)\\.(\\d+).*");
    private static final String NVIDIA = "NVIDIA CUDA";
    private static final String SUB_GROUPS = "cl_khr_subgroups";
    private static final String DOUBLES = "cl_khr_fp64";
    private static final String REGISTER_LIMIT = "cl_nv_compiler_options";
    private static final int NARROWEST = 4;
    private static final int WIDEST = 16;

    static DeviceFacts of(Cl cl, cl_platform_id platform, cl_device_id id, String selector) {
        String name = cl.deviceText(id, CL.CL_DEVICE_NAME);
        Cl named = cl.on(name);
        return new DeviceFacts(platform, id, selector,
                named.platformText(platform, CL.CL_PLATFORM_NAME),
                named.platformText(platform, CL.CL_PLATFORM_VERSION),
                name,
                named.deviceNumber(id, CL.CL_DEVICE_TYPE),
                named.deviceText(id, CL.CL_DRIVER_VERSION),
                named.deviceText(id, CL.CL_DEVICE_VERSION),
                flag(named, id, CL.CL_DEVICE_AVAILABLE) && flag(named, id, CL.CL_DEVICE_COMPILER_AVAILABLE),
                (int) named.deviceNumber(id, CL.CL_DEVICE_MAX_COMPUTE_UNITS),
                named.deviceNumber(id, CL.CL_DEVICE_GLOBAL_MEM_SIZE),
                named.deviceNumber(id, CL.CL_DEVICE_MAX_MEM_ALLOC_SIZE),
                named.deviceNumber(id, CL.CL_DEVICE_MAX_WORK_GROUP_SIZE),
                named.deviceNumber(id, CL.CL_DEVICE_LOCAL_MEM_SIZE),
                (int) named.deviceNumber(id, CL.CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT),
                named.deviceNumber(id, CL.CL_DEVICE_SINGLE_FP_CONFIG),
                named.deviceText(id, CL.CL_DEVICE_EXTENSIONS));
    }

    private static boolean flag(Cl cl, cl_device_id id, int info) {
        return cl.deviceNumber(id, info) != 0;
    }

    /** Why the device cannot be used, empty if it can. */
    String problem() {
        if (!ready) {
            return "the device or its compiler says that it is not available";
        }
        if (!VERSION.matcher(version).matches()) {
            return "expected a version of OpenCL, got '" + version + "'";
        }
        return atLeast(1, 2) ? "" : "expected OpenCL 1.2 or later, got " + version;
    }

    private boolean atLeast(int major, int minor) {
        Matcher matcher = VERSION.matcher(version);
        if (!matcher.matches()) {
            return false;
        }
        int own = Integer.parseInt(matcher.group(1));
        return own > major || own == major && Integer.parseInt(matcher.group(2)) >= minor;
    }

    boolean usable() {
        return problem().isEmpty();
    }

    /** Emulators check or stand in for real devices and are never taken unless asked for. */
    boolean emulator() {
        return isNamed("oclgrind") || isNamed("llvmpipe");
    }

    private boolean isNamed(String part) {
        return (platformName + ' ' + name).toLowerCase(Locale.ROOT).contains(part);
    }

    /** 0 is best. */
    int typeRank() {
        if ((type & CL.CL_DEVICE_TYPE_GPU) != 0) {
            return 0;
        }
        return (type & CL.CL_DEVICE_TYPE_ACCELERATOR) != 0 ? 1 : 2;
    }

    String typeName() {
        return switch (typeRank()) {
            case 0 -> "gpu";
            case 1 -> "accelerator";
            default -> "cpu";
        };
    }

    /** Whether the device ends the loops of a work-item after some rounds; one that walks a long group needs more. */
    boolean cutsLoops() {
        return isNamed("llvmpipe");
    }

    KernelSet suitedKernels() {
        return typeRank() == 0 || cutsLoops() ? KernelSet.GPU : KernelSet.CPU;
    }

    /** Sub-groups are no part of OpenCL C 1.2; {@link #language} names one of which they are. */
    Reduction reduction() {
        if (platformName.equals(NVIDIA)) {
            return Reduction.SHUFFLES;
        }
        return has(SUB_GROUPS) && atLeast(2, 0) ? Reduction.SUB_GROUPS : Reduction.LOCAL_MEMORY;
    }

    private boolean has(String extension) {
        return List.of(extensions.split(" ")).contains(extension);
    }

    /** Whether kernels may compute in double. */
    boolean hasDoubles() {
        return has(DOUBLES);
    }

    /** Whether division and square root can be made correctly rounded. */
    boolean roundsDivision() {
        return (floats & CL.CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT) != 0;
    }

    /** Whether the compiler can be told how many registers a work-item may have. */
    boolean limitsRegisters() {
        return has(REGISTER_LIMIT);
    }

    /** The version of OpenCL C that kernels are compiled as. */
    String language() {
        if (reduction() != Reduction.SUB_GROUPS) {
            return "CL1.2";
        }
        return atLeast(3, 0) ? "CL3.0" : "CL2.0";
    }

    Traits traits(KernelSet kernels) {
        int width = Integer.highestOneBit(Math.max(NARROWEST, Math.min(WIDEST, vectorWidth)));
        return new Traits(kernels, computeUnits, maxWorkGroup, localBytes, width, reduction(),
                Thresholds.of(DeviceClass.of(kernels, platformName)));
    }

    @Override
    public String toString() {
        return name + " (" + selector + ", " + platformName + ")";
    }
}
