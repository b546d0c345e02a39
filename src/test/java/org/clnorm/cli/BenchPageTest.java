package org.clnorm.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import java.io.IOException;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.clnorm.bench.BenchJson;
import org.clnorm.bench.BenchLine;
import org.clnorm.bench.BenchReport;
import org.clnorm.bench.BenchRow;
import org.clnorm.bench.PeerTimes;
import org.clnorm.bench.Sweep;
import org.clnorm.bench.SweepPoint;
import org.clnorm.bench.SweepStep;
import org.clnorm.bench.TurnTimes;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

class BenchPageTest {
    private static final Pattern SCRIPT = Pattern.compile("<script[^>]*>(.*?)</script>", Pattern.DOTALL);
    private static final String NASTY = "</script><b>&amp; \"<!-- ' {{data}} $1 \\u003c";
    private static final String LINE = "layer_norm 8x16 normalized_shape=16";
    private static final PageHeading HEADING = new PageHeading("A device", "its driver", "2026-11-23 10:00 +00:00",
            "clnorm 1.2.3", "scripts/clnorm bench --sweep rows", 7, "");
    private static final PeerTimes PEER = new PeerTimes("pytorch", "2.13.0, CPU", 4321, 1234, 2000, 1111, Double.NaN,
            1e-6, 1e-7, 0.01);

    private static BenchRow row(String workload, String pass, double median, PeerTimes... peers) {
        return new BenchRow(workload, pass, median, median / 2, 2 * median, 12.345, 0.678, "cpu", "cpu/rows", "64 rows",
                "A device", List.of(peers));
    }

    private static String page(PageHeading heading, BenchRow... rows) throws IOException {
        return BenchPage.of(heading, new BenchReport(List.of(rows), List.of(), List.of(10.0, 20.0), List.of()),
                Set.of(LINE), List.of());
    }

    /** The page as XML, which it is but for its scripts. */
    private static Document parsed(String page) throws Exception {
        String markup = SCRIPT.matcher(page).replaceAll("").replaceFirst("<!DOCTYPE html>\n", "");
        return DocumentBuilderFactory.newInstance().newDocumentBuilder()
                .parse(new InputSource(new StringReader(markup)));
    }

    private static List<Element> elements(Document page, String name) {
        NodeList found = page.getElementsByTagName(name);
        return IntStream.range(0, found.getLength()).mapToObj(i -> (Element) found.item(i)).toList();
    }

    private static List<String> scripts(String page) {
        List<String> scripts = new ArrayList<>();
        for (Matcher matcher = SCRIPT.matcher(page); matcher.find();) {
            scripts.add(matcher.group(1));
        }
        return scripts;
    }

    @Test
    void theHeadingSaysWhatWhereWhenAndHow() throws Exception {
        String text = parsed(page(HEADING, row(LINE, "forward", 100, PEER))).getDocumentElement().getTextContent();
        for (String word : List.of("A device", "its driver", "2026-11-23 10:00 +00:00", "clnorm 1.2.3", "7, in rounds",
                "scripts/clnorm bench --sweep rows", "10.0 to 20.0 GB/s",
                "pytorch: 2.13.0, CPU")) {
            assertTrue(text.contains(word), word);
        }
        assertFalse(text.contains("{{"), "a place was left empty");
    }

    @Test
    void theTableHasEveryRow() throws Exception {
        Document page = parsed(page(HEADING, row(LINE, "forward", 4000, PEER), row(LINE, "backward", 99.5),
                row("batch_norm 2x3x4", "forward", 1)));
        List<String> rows = elements(page, "tr").stream().filter(row -> row.getElementsByTagName("th").getLength() == 1)
                .map(Element::getTextContent).toList();
        assertEquals(List.of(LINE + "forward" + "4,000" + "2,000" + "8,000" + "12.35" + "0.68"
                + "2,000" + "4,321" + "1,234" + "2.16" + "1.11" + "1.0e-07" + "1.0e-06" + "cpu/rows" + "64 rows",
                LINE + "backward" + "99.50" + "49.75" + "199" + "12.35" + "0.68" + "–––––––" + "cpu/rows" + "64 rows",
                "batch_norm 2x3x4" + "forward" + "1.00" + "0.50" + "2.00" + "12.35" + "0.68" + "–––––––"
                + "cpu/rows" + "64 rows"), rows);
    }

    @Test
    void theChartsHaveEveryRowAsJson() throws IOException {
        BenchRow[] rows = {row(LINE, "forward", 100, PEER), row("batch_norm 2x3x4", "forward", 1)};
        String data = scripts(page(HEADING, rows)).get(0);
        assertTrue(data.contains(BenchJson.of(List.of(rows), List.of())), data);
        assertTrue(data.contains("\"bars\":[\"" + LINE + "\"]"), data);
        assertEquals(List.of(LINE, "batch_norm 2x3x4"), values(data, "workload"));
    }

    private static List<String> values(String json, String field) throws IOException {
        List<String> values = new ArrayList<>();
        try (JsonParser parser = new JsonFactory().createParser(json)) {
            while (parser.nextToken() != null) {
                if (field.equals(parser.currentName()) && parser.currentToken().isScalarValue()) {
                    values.add(parser.getText());
                }
            }
        }
        return values;
    }

    @Test
    void textStaysText() throws Exception {
        PageHeading heading = new PageHeading(NASTY, NASTY, NASTY, NASTY, NASTY, 1, NASTY);
        BenchReport report = new BenchReport(List.of(row(NASTY, "forward", 1, PEER)), List.of(NASTY + ": failed"),
                List.of(), List.of());
        String page = BenchPage.of(heading, report, Set.of(NASTY), List.of());
        assertEquals(3, scripts(page).size());
        assertEquals(List.of(NASTY), values(scripts(page).get(0), "workload"));
        Document parsed = parsed(page);
        assertEquals("CLNorm measured on " + NASTY, elements(parsed, "h1").get(0).getTextContent());
        assertEquals("CLNorm on " + NASTY, elements(parsed, "title").get(0).getTextContent());
        assertEquals(NASTY, elements(parsed, "code").get(0).getTextContent());
        assertEquals(NASTY + ": failed", elements(parsed, "li").get(0).getTextContent());
        assertEquals(1, elements(parsed, "b").size(), "only the page's own");
        assertTrue(elements(parsed, "th").stream().anyMatch(cell -> cell.getTextContent().equals(NASTY)));
    }

    @Test
    void nothingIsFetched() throws Exception {
        String page = page(HEADING, row(LINE, "forward", 100));
        Document parsed = parsed(page);
        Element policy = elements(parsed, "meta").stream()
                .filter(meta -> meta.getAttribute("http-equiv").equals("Content-Security-Policy")).findFirst()
                .orElseThrow();
        assertTrue(policy.getAttribute("content").startsWith("default-src 'none';"), policy.getAttribute("content"));
        assertEquals(List.of("data:,"),
                elements(parsed, "link").stream().map(link -> link.getAttribute("href")).toList());
        assertFalse(Pattern.compile("\\ssrc\\s*=|@import|url\\(|\\shref=\"(?!data:)").matcher(
                SCRIPT.matcher(page).replaceAll("")).find());
        assertFalse(page.contains("sourceMappingURL"));
        assertFalse(Pattern.compile("https?://").matcher(scripts(page).get(2)).find());
    }

    @Test
    void theLibraryComesWithItsLicence() throws IOException {
        String library = scripts(page(HEADING, row(LINE, "forward", 100))).get(1);
        assertTrue(library.contains("Permission is hereby granted, free of charge"), "licence");
        assertTrue(library.contains("Chart.js v"), "code");
        assertTrue(library.length() < 300_000, "size " + library.length());
    }

    @Test
    void sectionsWithoutContentAreHidden() throws Exception {
        assertEquals(List.of("", "hidden", ""), hidden(page(HEADING, row(LINE, "forward", 100))));
        SweepPoint point = new SweepPoint(Sweep.ROWS, "layer_norm", 16, BenchLine.of(LINE));
        BenchReport report = new BenchReport(List.of(row(LINE, "forward", 100)), List.of(), List.of(),
                List.of());
        assertEquals(List.of("hidden", "", ""), hidden(BenchPage.of(HEADING, report, Set.of(),
                SweepStep.all(List.of(point), report))));
    }

    private static List<String> hidden(String page) throws Exception {
        return elements(parsed(page), "section").stream().map(section -> section.getAttribute("hidden")).toList();
    }

    @Test
    void theVerdictOnSweepsIsThere() throws Exception {
        SweepPoint power = new SweepPoint(Sweep.ROWS, "layer_norm", 16, BenchLine.of(LINE));
        SweepPoint odd = new SweepPoint(Sweep.ROWS, "layer_norm", 17,
                BenchLine.of("layer_norm 8x17 normalized_shape=17"));
        BenchReport report = new BenchReport(List.of(row(LINE, "forward", 100),
                row(odd.line().text(), "forward", 100)), List.of(), List.of(),
                List.of(new TurnTimes(odd.line().text(), LINE, "forward", 1.87, 1.87)));
        List<SweepStep> steps = SweepStep.all(List.of(power, odd), report);
        String page = BenchPage.of(HEADING, report, Set.of(), steps);
        List<Element> tables = elements(parsed(page), "table");
        Element verdict = (Element) tables.get(0).getElementsByTagName("tbody").item(0);
        assertEquals("rowslayer_normforward17161.761.76a cliff", verdict.getTextContent().strip());
        assertTrue(scripts(page).get(0).contains("\"neighbour\" : 16"), scripts(page).get(0));
        assertTrue(page.contains("<strong>1.76</strong>"), "tile");
    }

    @Test
    void theSummaryIsOfTheNamedWorkloads() throws IOException {
        String page = page(HEADING, row(LINE, "forward", 100, PEER), row("batch_norm 2x3x4", "backward", 1));
        assertTrue(page.contains("<strong>0.68</strong><span>of a copy's speed, forward</span>"
                + "<small>geometric mean of 1; the least 0.68</small>"));
        assertFalse(page.contains("of a copy's speed, backward</span>"));
        assertTrue(page.contains("<strong>2.16×</strong><span>as fast as pytorch</span>"));
    }
}
