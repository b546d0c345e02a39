package org.clnorm.scale;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.HashMap;
import java.util.Map;

/**
 * Times of one call, the mean of all ranks; a line of a file.
 *
 * @param link     what the ranks talk over
 * @param what     the call
 * @param ranks    how many took part
 * @param cores    processors of the machine, which all ranks share
 * @param bytes    what a rank gives
 * @param calls    how many were timed
 * @param medianUs half of them took no longer
 * @param minUs    the fastest
 * @param p90Us    nine of ten took no longer
 */
public record Row(String link, String what, int ranks, int cores, long bytes, int calls, double medianUs, double minUs,
        double p90Us) {
    /** MPI's own call. */
    public static final String BLOCKING = "MPI_Allgather";
    /** MPI's call that does not wait, and looks until it is done. */
    public static final String LOOKING = "MPI_Iallgather";
    /** What a forward pass of SyncBatchNorm calls. */
    public static final String GATHER = "allGather";
    /** What a backward pass calls. */
    public static final String REDUCE = "allReduce";
    /** What gradients travel by. */
    public static final String BUCKET = "beginAllReduce";

    /** What the host does with what was gathered: Chan's formula. */
    public static final String MERGE = "merge";

    private static final MathContext DIGITS = new MathContext(5);

    /** Whether ranks waited for a processor. */
    boolean oversubscribed() {
        return ranks > cores;
    }

    /** Of a forward pass's message: 2 C + 1 doubles; of a backward pass's, 2 C. */
    long channels() {
        return bytes / Double.BYTES / 2;
    }

    /**
     * As a line of JSON.
     *
     * @return without an end of line
     */
    public String json() {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
            json.writeStartObject();
            json.writeStringField("link", link);
            json.writeStringField("what", what);
            json.writeNumberField("ranks", ranks);
            json.writeNumberField("cores", cores);
            json.writeNumberField("bytes", bytes);
            json.writeNumberField("calls", calls);
            json.writeNumberField("median_us", digits(medianUs));
            json.writeNumberField("min_us", digits(minUs));
            json.writeNumberField("p90_us", digits(p90Us));
            json.writeEndObject();
        } catch (IOException impossible) {
            throw new IllegalStateException("cannot write to memory", impossible);
        }
        return text.toString();
    }

    private static BigDecimal digits(double value) {
        return new BigDecimal(value).round(DIGITS);
    }

    /** Reads a line that {@link #json} or the Python program wrote. */
    static Row parse(String line) throws IOException {
        Map<String, String> fields = new HashMap<>();
        try (JsonParser json = new JsonFactory().createParser(line)) {
            while (json.nextToken() != null) {
                if (json.currentToken().isScalarValue()) {
                    fields.put(json.currentName(), json.getText());
                } else if (json.currentToken() == JsonToken.START_ARRAY) {
                    throw new IOException("expected an object of plain values, got " + line);
                }
            }
        }
        try {
            return new Row(field(fields, "link"), field(fields, "what"), Integer.parseInt(field(fields, "ranks")),
                    Integer.parseInt(field(fields, "cores")), Long.parseLong(field(fields, "bytes")),
                    Integer.parseInt(field(fields, "calls")), Double.parseDouble(field(fields, "median_us")),
                    Double.parseDouble(field(fields, "min_us")), Double.parseDouble(field(fields, "p90_us")));
        } catch (NumberFormatException wrong) {
            throw new IOException("expected numbers, got " + line, wrong);
        }
    }

    private static String field(Map<String, String> fields, String name) throws IOException {
        String value = fields.get(name);
        if (value == null) {
            throw new IOException("expected the field " + name + ", got " + fields.keySet());
        }
        return value;
    }
}
