package org.clnorm.state;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/** Lays tensors out and writes the header of a file, byte for byte as the reference implementation does. */
final class HeaderWriter {
    /** The reference writes the escapes of control characters in lower case. */
    private static final JsonFactory JSON =
            JsonFactory.builder().disable(JsonWriteFeature.WRITE_HEX_UPPER_CASE).build();

    /** Of the bytes in UTF-8; the order of Java's strings is another one beyond the first 65,536 characters. */
    private static final Comparator<String> BY_BYTES = (a, b) -> Arrays.compareUnsigned(
            a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));

    private HeaderWriter() {
    }

    /** The tensors in the order of their data: the widest types first, then by name. */
    static List<TensorEntry> layOut(Map<String, HostTensor> tensors) {
        List<String> names = new ArrayList<>(tensors.keySet());
        names.sort(Comparator.comparing((String name) -> tensors.get(name).type()).reversed().thenComparing(BY_BYTES));
        List<TensorEntry> entries = new ArrayList<>();
        long begin = 0;
        for (String name : names) {
            HostTensor tensor = tensors.get(name);
            long end = begin + tensor.bytes().remaining();
            entries.add(new TensorEntry(name, tensor.type(), tensor.shape(), begin, end));
            begin = end;
        }
        return entries;
    }

    /** The header without its length, padded with spaces so that the data that follow are aligned to 8 bytes. */
    static byte[] encode(Header header) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        // a Writer, since Jackson's own UTF-8 writes a surrogate pair as two escapes
        try (JsonGenerator json = JSON.createGenerator(new OutputStreamWriter(bytes, StandardCharsets.UTF_8))) {
            json.writeStartObject();
            writeMetadata(json, header.metadata());
            for (TensorEntry entry : header.entries()) {
                writeEntry(json, entry);
            }
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory cannot fail", e);
        }
        while (bytes.size() % Long.BYTES != 0) {
            bytes.write(' ');
        }
        return bytes.toByteArray();
    }

    private static void writeMetadata(JsonGenerator json, Map<String, String> metadata) throws IOException {
        if (metadata.isEmpty()) {
            return;
        }
        json.writeObjectFieldStart(Safetensors.METADATA_KEY);
        List<String> keys = new ArrayList<>(metadata.keySet());
        keys.sort(BY_BYTES); // the reference leaves their order to chance
        for (String key : keys) {
            json.writeStringField(key, metadata.get(key));
        }
        json.writeEndObject();
    }

    private static void writeEntry(JsonGenerator json, TensorEntry entry) throws IOException {
        json.writeObjectFieldStart(entry.name());
        json.writeStringField("dtype", entry.type().name());
        json.writeFieldName("shape");
        json.writeArray(entry.shape(), 0, entry.shape().length);
        json.writeFieldName("data_offsets");
        json.writeArray(new long[] {entry.begin(), entry.end()}, 0, 2);
        json.writeEndObject();
    }
}
