package org.clnorm.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.clnorm.conformance.GroupsOfWorkloads;
import org.clnorm.conformance.RandomWorkloads;
import org.clnorm.conformance.Workload;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

class ExplainCommandTest {
    private static final int WORKLOADS = Integer.getInteger("clnorm.cases", 8) * 10;
    private static final Pattern DRAW = Pattern.compile("(?m)^draw (\\S+) '(.+)'$");

    private static List<Element> elements(String svg, String name) {
        try {
            NodeList found = DocumentBuilderFactory.newInstance().newDocumentBuilder()
                    .parse(new ByteArrayInputStream(svg.getBytes(StandardCharsets.UTF_8))).getElementsByTagName(name);
            return IntStream.range(0, found.getLength()).mapToObj(i -> (Element) found.item(i)).toList();
        } catch (Exception e) {
            throw new AssertionError(svg, e);
        }
    }

    private static List<Element> cells(String svg) {
        return elements(svg, "rect").stream().filter(rect -> rect.hasAttribute("data-element")).toList();
    }

    private static String picture(String line) {
        Cli cli = Cli.run("explain", line, "--svg", "-");
        assertEquals(Main.DONE, cli.status(), cli.err());
        return cli.out();
    }

    private static String text(String line) {
        Cli cli = Cli.run("explain", line);
        assertEquals(Main.DONE, cli.status(), cli.err());
        return cli.out();
    }

    @Test
    void everyCellHasTheGroupAndTheParameterOfItsElement() {
        RandomWorkloads random = new RandomWorkloads(20, false);
        int seen = 0;
        for (int i = 0; i < WORKLOADS; i++) {
            Workload workload = random.next();
            if (workload.stored().size() > 0) {
                seen += check(workload);
            }
        }
        assertTrue(seen > WORKLOADS, "cells drawn: " + seen);
    }

    private static int check(Workload workload) {
        GroupsOfWorkloads expected = new GroupsOfWorkloads(workload);
        List<Element> cells = cells(picture(workload.toString()));
        for (Element cell : cells) {
            int element = Integer.parseInt(cell.getAttribute("data-element"));
            String where = workload + ", element " + element;
            assertEquals(expected.valid(element) ? Long.toString(expected.group(element)) : "",
                    cell.getAttribute("data-group"), where);
            String parameter = cell.getAttribute("data-parameter");
            if (expected.valid(element) && !parameter.equals("none")) {
                assertEquals(Long.toString(expected.parameter(element)), parameter, where);
            }
        }
        assertEquals(cells.size(), cells.stream().map(cell -> cell.getAttribute("data-element")).distinct().count());
        return cells.size();
    }

    @Test
    void smallTensorsAreDrawnWholeAndNeighboursDifferInColour() {
        List<Element> cells = cells(picture("instance_norm 2x8x3 affine=true"));
        assertEquals(48, cells.size());
        assertEquals(8, cells.stream().limit(24).map(cell -> cell.getAttribute("fill")).distinct().count());
        for (int i = 0; i < 24; i++) {
            assertFalse(cells.get(i).getAttribute("fill").equals(cells.get(i + 24).getAttribute("fill")));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"group_norm 16x256x32x32 groups=32", "layer_norm 65536x8192 normalized_shape=8192",
        "batch_norm 64x2048x16x112x112 layout=nhwc", "layer_norm 2x2x2x2x2x2x2 normalized_shape=2",
        "layer_norm 1048576x1048576x1024 normalized_shape=1024"})
    void largeTensorsAreShortened(String line) {
        String picture = picture(line);
        int drawn = cells(picture).size();
        assertTrue(drawn > 8 && drawn <= 24 * 24, drawn + " cells");
        for (String size : line.split(" ")[1].split("x")) {
            assertTrue(picture.contains("=" + size + "<"), picture);
        }
    }

    @Test
    void paddingIsHatched() {
        long hatched = cells(picture("layer_norm 2x4x3 normalized_shape=3 lengths=4x1")).stream()
                .filter(cell -> cell.getAttribute("fill").equals("url(#padding)")).count();
        assertEquals(9, hatched);
    }

    @Test
    void textTellsTheGroup() {
        String group = text("group_norm 2x4x5x6 groups=2");
        assertTrue(group.contains("4 groups of 60 elements each, with one mean and one variance"), group);
        assertTrue(group.contains("x[n, c0:c0+2, :, :] for each n = 0 … 1, c0 = 0, 2\n".replace("\n",
                System.lineSeparator())), group);
        assertTrue(group.contains("x[n, c, h, w] takes weight[c] and bias[c]"), group);
        String batch = text("batch_norm 8x3x5 virtual_batch=2 residual=before bias=false");
        assertTrue(batch.contains("x[n0:n0+2, c, :]"), batch);
        assertTrue(batch.contains("virtual_batch=2: in training every 2 samples"), batch);
        assertTrue(batch.contains("running_mean and running_var, 3 each"), batch);
        assertTrue(text("rms_norm 4x3 normalized_shape=3").contains("one root mean square"));
        assertTrue(text("instance_norm 4x3x5 track=true mode=eval").contains("x[:, c, :]"));
        assertTrue(text("layer_norm 2x3x4 axes=1").contains("x[t, :, d]"));
    }

    @Test
    void badInputIsRefused(@TempDir Path folder) throws IOException {
        Cli.run("explain", "batch_norm").assertFails(Main.USAGE, "LAYER SHAPE");
        Cli.run("explain", "group_norm 2x5x3 groups=2").assertFails(Main.USAGE, "multiple");
        Cli.run("explain", "batch_norm 4x3 colour=red").assertFails(Main.USAGE, "colour");
        Cli.run("explain", "layer_norm 0x3 normalized_shape=3").assertFails(Main.USAGE, "at least one element");
        Cli.run("explain").assertFails(Main.USAGE, "LINE");
        Cli.run("explain", "batch_norm 4x3", "--svg", folder.toString()).assertFails(Main.USAGE, "folder");
        Cli.run("explain", "batch_norm 4x3", "--svg", folder.resolve("no/x.svg").toString())
                .assertFails(Main.FAILED, "no such file or folder");
        try (Stream<Path> left = Files.list(folder)) {
            assertEquals(List.of(), left.toList());
        }
    }

    @Test
    void picturesOfTheDocumentationAreWhatIsDrawnNow() throws IOException {
        List<MatchResult> pictures = DRAW.matcher(Files.readString(Path.of("scripts/pictures"))).results().toList();
        assertEquals(4, pictures.size());
        for (MatchResult drawn : pictures) {
            Path file = Path.of("docs/images", drawn.group(1) + ".svg");
            assertEquals(picture(drawn.group(2)), Files.readString(file), file + ": scripts/pictures draws it anew");
        }
    }
}
