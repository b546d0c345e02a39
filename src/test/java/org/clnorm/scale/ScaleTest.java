package org.clnorm.scale;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What scripts/bench-sync makes of what it measured. */
class ScaleTest {
    private static final Path MEASURED = Path.of("src/test/resources/org/clnorm/scale");

    @Test
    void quantilesAreTimesThatWereMeasured() {
        Quantiles of = new Quantiles(5, 1, 4, 2, 3, 9, 8, 7, 6, 10);
        assertEquals(1, of.min());
        assertEquals(5, of.at(0.5));
        assertEquals(9, of.at(0.9));
        assertEquals(10, of.at(1));
        assertEquals(7, new Quantiles(7).at(0.5));
        assertThrows(IllegalArgumentException.class, Quantiles::new);
    }

    @Test
    void coefficientsThatMadeTheValuesAreFound() {
        List<double[]> terms = List.of(new double[] {1, 1, 500}, new double[] {1, 3, 1500}, new double[] {1, 1, 9000},
                new double[] {1, 7, 100}, new double[] {1, 7, 90000});
        double[] made = {12, 3, 0.002};
        double[] measured = terms.stream().mapToDouble(term -> LeastSquares.sum(made, term)).toArray();
        assertArrayEquals(made, LeastSquares.fit(terms, measured), 1e-9);
    }

    @Test
    void errorsAreRelativeAndNoCoefficientIsNegative() {
        // of one term alone: the sum of squared relative errors of 1 and 4 is least at 20 / 17
        List<double[]> ones = List.of(new double[] {1}, new double[] {1});
        assertEquals((1 + 1 / 4.0) / (1 + 1 / 16.0), LeastSquares.fit(ones, new double[] {1, 4})[0], 1e-12);
        // a line through these would begin below 0
        double[] found = LeastSquares.fit(List.of(new double[] {1, 1}, new double[] {1, 2}), new double[] {1, 3});
        assertEquals(0, found[0]);
        assertEquals((1 + 2 / 3.0) / (1 + 4 / 9.0), found[1], 1e-12);
    }

    @Test
    void termsThatCannotBeToldApartAreNotBothUsed() {
        List<double[]> terms = List.of(new double[] {1, 1, 10}, new double[] {1, 1, 20}, new double[] {1, 1, 30});
        double[] found = LeastSquares.fit(terms, new double[] {15, 25, 35});
        assertArrayEquals(new double[] {5, 0, 1}, found, 1e-9);
    }

    private static Row row(int ranks, long bytes, double micros) {
        return new Row("tcp", Row.GATHER, ranks, 16, bytes, 9, micros, micros, micros);
    }

    private static List<Row> rows(LinkModel model, int... ranks) {
        List<Row> rows = new ArrayList<>();
        for (int r : ranks) {
            for (long bytes : new long[] {1000, 8000, 30000}) {
                rows.add(row(r, bytes, model.micros(r, bytes)));
            }
        }
        return rows;
    }

    @Test
    void theModelPredictsRowsThatItWasNotMadeOf() {
        LinkModel real = new LinkModel(40, 2, 0.001);
        List<Row> rows = rows(real, 2, 4, 8);
        assertEquals(0, LinkModel.errorsOfLargest(rows).worst(), 1e-9);
        List<Row> wrong = new ArrayList<>(rows(real, 2, 4));
        wrong.add(row(8, 8000, 2 * real.micros(8, 8000)));
        assertEquals(0.5, LinkModel.errorsOfLargest(wrong).worst(), 1e-9);
        assertNull(LinkModel.errorsOfLargest(rows(real, 2, 4)));
    }

    @Test
    void rowsOfAnotherKindAreNotFitted() {
        Row good = row(2, 1000, 5);
        List<Row> rows = List.of(good, row(1, 1000, 5), row(17, 1000, 5), row(2, LinkModel.EAGER, 5),
                new Row("shm", Row.GATHER, 2, 16, 1000, 9, 5, 5, 5),
                new Row("tcp", Row.REDUCE, 2, 16, 1000, 9, 5, 5, 5));
        assertEquals(List.of(good), LinkModel.usable(rows, "tcp", Row.GATHER));
    }

    @Test
    void anotherLinkHasMoreLatencyAndItsOwnWire() {
        LinkModel other = new LinkModel(1, 2, 0.003).over(30, 1000);
        assertEquals(31 + 2 * 3 + 0.004 * 3 * 5000, other.micros(4, 5000), 1e-9);
    }

    @Test
    void aLinkOfOneNumberOfRanksTakesTheRestFromAnother() {
        LinkModel tcp = new LinkModel(10, 2, 0.001);
        List<Row> rows = new ArrayList<>(rows(tcp, 2, 4));
        for (long bytes : new long[] {1000, 8000, 30000}) {
            rows.add(new Row("delay-200", Row.GATHER, 2, 16, bytes, 9, 200 + tcp.micros(2, bytes), 0, 0));
        }
        LinkModel slow = Link.model(rows, "delay-200", Row.GATHER);
        assertEquals(200 + tcp.micros(64, 5000), slow.micros(64, 5000), 1e-6);
        assertEquals(tcp.micros(64, 5000), Link.model(rows, "tcp", Row.GATHER).micros(64, 5000), 1e-6);
        assertNull(Link.model(rows, "shm", Row.GATHER));
    }

    @Test
    void thePictureOfTheDocumentationIsOfTheRowsThatAreKept() throws IOException {
        List<Row> rows = Scale.read(MEASURED);
        assertEquals(SharePicture.of(Link.of(rows)), Files.readString(Path.of("docs/images/scaling.svg")),
                "scripts/bench-sync --links none --out " + MEASURED + " --svg docs/images/scaling.svg");
    }

    /** The largest number of ranks from the others; the page says so. */
    @Test
    void whatWasMeasuredIsNearTheModel() throws IOException {
        List<Row> rows = Scale.read(MEASURED);
        for (String link : List.of("shm", "tcp")) {
            for (String what : List.of(Row.GATHER, Row.REDUCE)) {
                LinkModel.Errors errors = LinkModel.errorsOfLargest(LinkModel.usable(rows, link, what));
                assertTrue(errors.median() < 0.2 && errors.worst() < 0.65, link + ", " + what + ": " + errors);
            }
        }
        // what is required: two processes, shared memory, up to 4,096 channels
        List<Row> calls = rows.stream().filter(row -> row.link().equals("shm") && row.ranks() == 2
                && row.what().equals(Row.BLOCKING)).toList();
        assertFalse(calls.isEmpty());
        calls.forEach(row -> assertTrue(row.medianUs() <= 30, row.toString()));
    }

    @Test
    void theLayersAreThoseOfResNet50() {
        List<Integer> channels = ResNet50.channels();
        assertEquals(53, channels.size());
        // twice as many are its BatchNorms' parameters
        assertEquals(26_560, channels.stream().mapToInt(c -> c).sum());
        assertEquals(List.of(64, 64, 64, 256, 256, 64), channels.subList(0, 6));
        assertEquals(2048, channels.get(52));
    }

    @Test
    void costsOfAStepAreAddedUp() {
        SyncCost cost = new SyncCost(new LinkModel(10, 1, 0), new LinkModel(20, 0, 0.01), 0.5);
        List<Integer> layers = List.of(2, 3);
        double forward = 2 * (10 + 3) + 0.5 * 4 * 5;
        double backward = 2 * 20 + 0.01 * 3 * 16 * 5;
        double micros = forward + backward;
        assertEquals(micros, cost.micros(layers, 4), 1e-9);
        assertEquals(micros / (micros + 1000), cost.share(layers, 4, 1000), 1e-12);
    }

    @Test
    void theLimitIsPassedByTheFirstRanksThatTakeMore() {
        // a rank more, a microsecond more: 5 % of a step of 95 us computing are 5 us
        SyncCost cost = new SyncCost(new LinkModel(0, 1, 0), new LinkModel(0, 0, 0), 0);
        assertEquals(7, cost.ranksBeyondLimit(List.of(1), 95, 1024));
        assertEquals(0, cost.ranksBeyondLimit(List.of(1), 95, 6));
    }

    @Test
    void rowsAreReadAsTheyWereWritten(@TempDir Path folder) throws IOException {
        Row row = new Row("delay-200", Row.REDUCE, 4, 2, 1024, 77, 12.5, 11.25, 1000);
        assertEquals(row, Row.parse(row.json()));
        assertTrue(row.oversubscribed());
        assertEquals(64, row.channels());
        Files.writeString(folder.resolve("delay-200.jsonl"), row.json() + "\n");
        Files.writeString(folder.resolve("shm.jsonl"), row(2, 8, 1).json() + "\n");
        assertEquals(List.of(row(2, 8, 1), row), Scale.read(folder));
        assertThrows(IOException.class, () -> Row.parse("{\"link\":\"shm\"}"));
        assertThrows(IOException.class, () -> Row.parse(row.json().replace("77", "\"x\"")));
    }
}
