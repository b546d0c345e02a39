package org.clnorm;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class SignalsTest {
    /** Without it PoCL's compiler ends the process now and then: no test could show that reliably. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void javaKeepsItsSignalHandlers() throws IOException {
        assertTrue(Files.readString(Path.of("/proc/self/maps")).contains("libjsig.so"),
                "expected the tests to run with LD_PRELOAD of Java's libjsig.so, see pom.xml");
    }
}
