package org.clnorm.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.clnorm.BatchNorm1d;
import org.clnorm.LayerNorm;
import org.clnorm.LayerTree;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StateCommandTest {
    @TempDir
    private Path folder;
    private Path file;

    @BeforeEach
    void aFile() {
        file = folder.resolve("model.safetensors");
        new LayerTree().put("bn", new BatchNorm1d(3)).put("top.norm\u001b[31m", new LayerNorm(2, 2)).stateDict()
                .putMetadata("format", "pt\n").save(file);
    }

    @Test
    void listsNamesTypesAndShapes() {
        assertEquals("""
                name                       type  shape   bytes
                bn.num_batches_tracked     I64   []          8
                bn.bias                    F32   [3]        12
                bn.running_mean            F32   [3]        12
                bn.running_var             F32   [3]        12
                bn.weight                  F32   [3]        12
                top.norm\\u001b[31m.bias    F32   [2, 2]     16
                top.norm\\u001b[31m.weight  F32   [2, 2]     16
                tensors: 7, bytes: 88
                metadata format: pt\\u000a
                """, Cli.run("state", file.toString()).out());
    }

    @Test
    void listsAPart() {
        assertEquals("""
                name                       type  shape   bytes
                top.norm\\u001b[31m.bias    F32   [2, 2]     16
                top.norm\\u001b[31m.weight  F32   [2, 2]     16
                tensors: 2, bytes: 32
                metadata format: pt\\u000a
                """, Cli.run("state", file.toString(), "--under", "top").out());
        Cli.run("state", file.toString(), "--under", "to").assertFails(Main.USAGE, "'to'");
    }

    @Test
    void asJson() {
        String json = Cli.run("state", file.toString(), "--under", "bn", "--json").out().replaceAll("\\s", "");
        assertEquals("{\"tensors\":[{\"name\":\"bn.num_batches_tracked\",\"type\":\"I64\",\"shape\":[],\"bytes\":8},"
                + "{\"name\":\"bn.bias\",\"type\":\"F32\",\"shape\":[3],\"bytes\":12}",
                json.substring(0, json.indexOf(",{\"name\":\"bn.running_mean\"")));
    }

    @Test
    void brokenFilesAreOneLine() throws IOException {
        Files.write(file, new byte[3]);
        Cli.run("state", file.toString()).assertFails(Main.FAILED, "model.safetensors", "a file of 3");
        Cli.run("state", folder.resolve("none").toString()).assertFails(Main.FAILED, "no such file");
        Cli.run("state").assertFails(Main.USAGE, "FILE");
    }
}
