package org.clnorm.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.clnorm.state.ElementType;
import org.clnorm.state.HostTensor;
import org.clnorm.state.StateDict;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunCommandTest {
    @TempDir
    private Path folder;

    private Path cases;
    private Path results;

    @BeforeEach
    void makeFolders() throws IOException {
        cases = Files.createDirectory(folder.resolve("cases"));
        results = folder.resolve("results");
    }

    private static Path resource(String name) {
        try {
            return Path.of(RunCommandTest.class.getResource("/cases/" + name).toURI());
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    private void copy(String name) throws IOException {
        Files.copy(resource(name), cases.resolve(name));
    }

    private static Cli run(Path input, Path output) {
        return Cli.run("run", input.toString(), "--out", output.toString(), "--device", "cpu");
    }

    private static List<String> complaints(Cli cli) {
        return cli.err().lines().filter(line -> line.startsWith("clnorm: ")).toList();
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void runsAFolder() throws IOException {
        copy("bn1d_steps_momNone_tEtE.safetensors");
        copy("ln_nobias_4x37.safetensors");
        copy("rms_1x1.safetensors");
        Files.writeString(cases.resolve("README.md"), "not a case");
        Cli run = run(cases, results);
        assertEquals(Main.DONE, run.status(), run.err());
        assertEquals("", run.out());
        assertEquals(List.of("bn1d_steps_momNone_tEtE.safetensors", "ln_nobias_4x37.safetensors",
                "rms_1x1.safetensors"), names(results));
        assertEquals(1, complaints(run).size(), run.err());
        assertTrue(complaints(run).get(0).contains("3 of 3 cases run"), run.err());
        StateDict layer = StateDict.load(results.resolve("ln_nobias_4x37.safetensors"));
        assertEquals(Set.of("0.y", "0.dx", "0.dweight"), layer.tensors().keySet());
        StateDict batch = StateDict.load(results.resolve("bn1d_steps_momNone_tEtE.safetensors"));
        assertEquals(4 * 7, batch.tensors().size());
        HostTensor count = batch.get("3.num_batches_tracked");
        assertEquals(ElementType.I64, count.type());
        assertEquals(0, count.shape().length);
        assertArrayEquals(new long[] {2}, count.toLongs());
        assertEquals("F32[4, 6]", batch.get("2.dx").toString());
        assertEquals("F32[6]", batch.get("2.running_var").toString());
    }

    @Test
    void runsOneCase() throws IOException {
        Path deep = folder.resolve("made/for/it/result.safetensors");
        Cli run = run(resource("gn_nc_4x12_g3.safetensors"), deep);
        assertEquals(Main.DONE, run.status(), run.err());
        assertEquals("", run.out());
        assertEquals(Set.of("0.y", "0.dx", "0.dweight", "0.dbias"), StateDict.load(deep).tensors().keySet());
        assertEquals(Main.DONE, run(resource("gn_nc_4x12_g3.safetensors"), cases).status());
        assertEquals(List.of("gn_nc_4x12_g3.safetensors"), names(cases));
    }

    @Test
    void aBrokenCaseDoesNotStopTheOthers() throws IOException {
        String good = "bn2d_mom037.safetensors";
        byte[] bytes = Files.readAllBytes(resource(good));
        StateDict whole = StateDict.load(resource(good));
        Files.write(cases.resolve("a_truncated.safetensors"), Arrays.copyOf(bytes, bytes.length - 1));
        Files.writeString(cases.resolve("b_text.safetensors"), "not a tensor in sight");
        changed(whole, "format", "norm-case-v9").save(cases.resolve("c_format.safetensors"));
        changed(whole, "op", "local_response_norm").save(cases.resolve("d_op.safetensors"));
        changed(whole, "num_features", "7").save(cases.resolve("e_features.safetensors"));
        changed(whole, "num_steps", "3").save(cases.resolve("f_steps.safetensors"));
        changed(whole, "eps", "tiny").save(cases.resolve("g_eps.safetensors"));
        changed(whole, "module", "BatchNorm3d").save(cases.resolve("h_module.safetensors"));
        changed(whole, "step.0.shape", "1,2,3").save(cases.resolve("i_shape.safetensors"));
        changed(whole, "step.0.mode", "dream").save(cases.resolve("j_mode.safetensors"));
        changed(whole, "momentum", "2").save(cases.resolve("k_momentum.safetensors"));
        Files.createDirectory(cases.resolve("l_folder.safetensors"));
        copy(good);
        Cli run = run(cases, results);
        assertEquals(Main.FAILED, run.status());
        assertEquals("", run.out());
        assertEquals(List.of(good), names(results));
        List<String> faults = complaints(run);
        List<String> expected = List.of("a_truncated.safetensors: ", "b_text.safetensors: ",
                "expected the format norm-case-v1",
                "expected a layer of batch_norm", "e_features.safetensors: ", "1.x", "a number for eps",
                "expected 5D input (got 4D input)", "expected 0.x of the shape [1, 2, 3]", "train or eval",
                "momentum from 0 to 1", "1 of 12 cases run");
        assertEquals(expected.size(), faults.size(), run.err());
        for (int i = 0; i < expected.size(); i++) {
            assertTrue(faults.get(i).contains(expected.get(i)), faults.get(i));
        }
    }

    private static StateDict changed(StateDict dict, String key, String value) {
        StateDict copy = new StateDict();
        dict.tensors().forEach(copy::put);
        dict.metadata().forEach(copy::putMetadata);
        return copy.putMetadata(key, value);
    }

    @Test
    void nothingRanIsAFailure() throws IOException {
        assertEquals(Main.FAILED, run(cases, results).status());
        Path result = folder.resolve("result.safetensors");
        Path broken = Files.writeString(folder.resolve("broken.safetensors"), "not a case");
        assertEquals(Main.FAILED, run(broken, result).status());
        assertFalse(Files.exists(result));
    }

    @Test
    void refusesWhatMakesNoSense() throws IOException {
        copy("ln_1x2.safetensors");
        Path file = cases.resolve("ln_1x2.safetensors");
        byte[] before = Files.readAllBytes(file);
        Cli.run("run").assertFails(Main.USAGE, "CASE|DIR");
        Cli.run("run", cases.toString()).assertFails(Main.USAGE, "--out");
        run(folder.resolve("nowhere"), results).assertFails(Main.USAGE, "nowhere", "does not exist");
        run(cases, cases).assertFails(Main.USAGE, "--out other than the cases");
        run(file, file).assertFails(Main.USAGE, "--out other than the cases");
        run(cases, file).assertFails(Main.USAGE, "expected a folder");
        Cli.run("run", file.toString(), "--out", results.toString(), "--device", "abacus")
                .assertFails(Main.USAGE, "abacus");
        Cli over = run(file, cases);
        assertEquals(Main.FAILED, over.status());
        assertTrue(over.err().contains("would be written over it"), over.err());
        assertArrayEquals(before, Files.readAllBytes(file));
        assertFalse(Files.exists(results));
    }
}
