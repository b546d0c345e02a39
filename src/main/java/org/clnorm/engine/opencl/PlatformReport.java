package org.clnorm.engine.opencl;

import java.util.List;
import java.util.Locale;
import org.jocl.cl_platform_id;

/**
 * What a platform showed.
 *
 * @param index   its place among the platforms
 * @param id      the platform
 * @param name    its name
 * @param version its version
 * @param devices its devices
 * @param asked   whether it was asked for devices
 * @param note    why there are none, or why it was not asked; empty otherwise
 */
record PlatformReport(int index, cl_platform_id id, String name, String version, List<DeviceFacts> devices,
        boolean asked, String note) {
    boolean named(String text) {
        return name.toLowerCase(Locale.ROOT).contains(text);
    }
}
