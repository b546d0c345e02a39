package org.clnorm.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MainTest {
    @Test
    void helpListsTheCommands() {
        Cli help = Cli.run("--help");
        assertEquals(Main.DONE, help.status());
        assertEquals("", help.err());
        assertTrue(help.out().contains("devices") && help.out().contains("bench"), help.out());
    }

    @ParameterizedTest
    @ValueSource(strings = {"devices", "bench"})
    void everyCommandHasHelpWithTheDeviceOptions(String command) {
        Cli help = Cli.run(command, "--help");
        assertEquals(Main.DONE, help.status());
        for (String option : new String[] {"--device", "--kernels", "--variant"}) {
            assertTrue(help.out().contains(option), help.out());
        }
    }

    @Test
    void versionIsTheBuilds() {
        Cli version = Cli.run("--version");
        assertEquals(Main.DONE, version.status());
        assertTrue(version.out().matches("clnorm \\d+\\.\\d+\\.\\d+(-SNAPSHOT)?\\R"), version.out());
    }

    @Test
    void usageErrorsAreOneLineAndExit2() {
        Cli.run().assertFails(Main.USAGE, "expected a command of", "bench");
        Cli.run("fly").assertFails(Main.USAGE, "expected a command of", "'fly'");
        Cli.run("--fly").assertFails(Main.USAGE, "--fly");
        Cli.run("devices", "--fly").assertFails(Main.USAGE, "--fly", "clnorm devices --help");
        Cli.run("bench", "fly").assertFails(Main.USAGE, "'fly'");
        Cli.run("bench", "@file").assertFails(Main.USAGE, "@file");
    }

    @Test
    void badDevicesAreUsageErrors() {
        Cli.run("bench", "--kernels", "tpu").assertFails(Main.USAGE, "--kernels cpu, gpu or auto", "'tpu'");
        Cli.run("bench", "--device", "tpu").assertFails(Main.USAGE, "'tpu'");
        Cli.run("bench", "--device", "opencl:").assertFails(Main.USAGE, "opencl:TEXT", "'opencl:'");
        Cli.run("bench", "--device", "cpu", "--kernels", "gpu").assertFails(Main.USAGE, "'gpu'");
        Cli.run("devices", "--device", "cpu", "--variant", "plain").assertFails(Main.USAGE, "'plain'");
    }

    @Test
    void aMissingDeviceExits1() {
        Cli.run("bench", "--device", "opencl:no such device").assertFails(Main.FAILED, "expected");
        Cli.run("devices", "--device", "opencl:99:99").assertFails(Main.FAILED, "expected");
    }

    @Test
    void outputThatCannotBeWrittenExits1() {
        StringWriter err = new StringWriter();
        int status = Main.run(new PrintWriter(new Broken()), new PrintWriter(err, true), "devices", "--json");
        assertEquals(Main.FAILED, status);
        assertTrue(err.toString().contains("cannot write to standard output"), err.toString());
    }

    /** A pipe whose reader left. */
    private static final class Broken extends Writer {
        @Override
        public void write(char[] text, int offset, int length) throws IOException {
            throw new IOException("broken pipe");
        }

        @Override
        public void flush() {
            // nothing was taken
        }

        @Override
        public void close() {
            // nothing was taken
        }
    }
}
