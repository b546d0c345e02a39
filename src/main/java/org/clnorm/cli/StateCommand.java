package org.clnorm.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import org.clnorm.state.Header;
import org.clnorm.state.Safetensors;
import org.clnorm.state.TensorEntry;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Lists what a safetensors file holds, without reading the tensors. */
@Command(name = "state", description = "Checks a safetensors file and lists its tensors: names, types, shapes.",
        mixinStandardHelpOptions = true, versionProvider = Version.class)
final class StateCommand implements Callable<Integer> {
    private static final Pattern UNPRINTABLE = Pattern.compile("[\\p{Cc}\\p{Cf}\\p{Cs}\\u2028\\u2029]");

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "FILE", description = "The file.")
    private Path file;

    @Option(names = "--under", paramLabel = "NAME",
            description = "Only what lies below a name, such as layer1.0 or backbone.")
    private String under;

    @Option(names = "--json", description = "Writes a JSON object instead of the table.")
    private boolean json;

    private StateCommand() {
    }

    @Override
    public Integer call() throws IOException {
        Header header = Safetensors.readHeader(file);
        List<TensorEntry> entries = header.entries().stream()
                .filter(entry -> under == null || entry.name().startsWith(under + ".")).toList();
        if (under != null && entries.isEmpty()) {
            throw new IllegalArgumentException("expected a name with tensors below it in " + file + ", got '" + under
                    + "'");
        }
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(toJson(entries, header.metadata()));
        } else {
            print(entries, header.metadata(), out);
        }
        return Main.DONE;
    }

    private static void print(List<TensorEntry> entries, Map<String, String> metadata, PrintWriter out) {
        TextTable table = new TextTable("name", "type", "shape", ">bytes");
        for (TensorEntry entry : entries) {
            table.row(printable(entry.name()), entry.type().toString(), Arrays.toString(entry.shape()),
                    Long.toString(entry.size()));
        }
        table.print(out);
        out.println("tensors: " + entries.size() + ", bytes: " + entries.stream().mapToLong(TensorEntry::size).sum());
        metadata.forEach((key, value) -> out.println("metadata " + printable(key) + ": " + printable(value)));
    }

    /** Names come from a file nobody vouches for, and go to a terminal. */
    private static String printable(String text) {
        return UNPRINTABLE.matcher(text).replaceAll(found -> String.format("\\\\u%04x", (int) found.group().charAt(0)));
    }

    private static String toJson(List<TensorEntry> entries, Map<String, String> metadata) throws IOException {
        StringWriter text = new StringWriter();
        try (JsonGenerator generator = new JsonFactory().createGenerator(text).useDefaultPrettyPrinter()) {
            generator.writeStartObject();
            generator.writeArrayFieldStart("tensors");
            for (TensorEntry entry : entries) {
                generator.writeStartObject();
                generator.writeStringField("name", entry.name());
                generator.writeStringField("type", entry.type().name());
                generator.writeFieldName("shape");
                generator.writeArray(entry.shape(), 0, entry.shape().length);
                generator.writeNumberField("bytes", entry.size());
                generator.writeEndObject();
            }
            generator.writeEndArray();
            generator.writeObjectFieldStart("metadata");
            for (Map.Entry<String, String> line : metadata.entrySet()) {
                generator.writeStringField(line.getKey(), line.getValue());
            }
            generator.writeEndObject();
            generator.writeEndObject();
        }
        return text.toString();
    }
}
