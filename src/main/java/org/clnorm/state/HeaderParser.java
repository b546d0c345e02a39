package org.clnorm.state;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads the JSON header of a file into entries, each well-formed in itself; {@link Layout} says whether they fit
 * together. Everything the format does not allow ends in a {@link CheckpointException}.
 */
final class HeaderParser {
    /**
     * Long names and texts are limited by the header alone. Field names are neither interned nor shared: they come
     * from a file nobody vouches for, and shared tables are what crafted names attack.
     */
    private static final JsonFactory JSON = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(64)
                    .maxNameLength(Safetensors.MAX_HEADER)
                    .maxStringLength(Safetensors.MAX_HEADER)
                    .build())
            .build();

    private final String file;
    private final JsonParser json;
    private final List<TensorEntry> entries = new ArrayList<>();
    private final Map<String, String> metadata = new LinkedHashMap<>();

    private HeaderParser(String file, JsonParser json) {
        this.file = file;
        this.json = json;
    }

    /** Reads a header, which the file of that name holds; the entries come in the header's order. */
    static Header parse(String file, byte[] header) {
        if (header.length == 0 || header[0] != '{') {
            throw new CheckpointException(file, "the header does not start with '{'");
        }
        // The decoder refuses what is not UTF-8; left to itself, Jackson guesses UTF-16 and UTF-32 too.
        try (Reader text = new InputStreamReader(new ByteArrayInputStream(header), StandardCharsets.UTF_8.newDecoder());
                JsonParser json = JSON.createParser(text)) {
            return new HeaderParser(file, json).header();
        } catch (CharacterCodingException e) {
            throw new CheckpointException(file, "the header is not valid UTF-8", e);
        } catch (JsonProcessingException e) {
            String fault = "the header is not valid JSON: " + Text.line(e.getOriginalMessage());
            throw new CheckpointException(file, fault, e);
        } catch (IOException e) {
            throw new CheckpointException(file, "the header cannot be read: " + Text.reason(e), e);
        }
    }

    private Header header() throws IOException {
        json.nextToken();
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String name = wellFormed(json.currentName());
            json.nextToken();
            if (name.equals(Safetensors.METADATA_KEY)) {
                readMetadata();
            } else {
                entries.add(entry(name));
            }
        }
        if (json.nextToken() != null) {
            throw fault("the header goes on after its closing brace");
        }
        return new Header(entries, metadata);
    }

    private void readMetadata() throws IOException {
        expect(JsonToken.START_OBJECT, Safetensors.METADATA_KEY, "an object");
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String key = wellFormed(json.currentName());
            json.nextToken();
            expect(JsonToken.VALUE_STRING, "metadata " + Text.quote(key), "a string");
            metadata.put(key, wellFormed(json.getText()));
        }
    }

    private TensorEntry entry(String name) throws IOException {
        String tensor = "tensor " + Text.quote(name);
        expect(JsonToken.START_OBJECT, tensor, "an object");
        ElementType type = null;
        long[] shape = null;
        long[] offsets = null;
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String field = json.currentName();
            json.nextToken();
            switch (field) {
                case "dtype" -> type = type(tensor);
                case "shape" -> shape = integers(tensor, field, ElementType.MAX_RANK);
                case "data_offsets" -> offsets = integers(tensor, field, 2);
                default -> json.skipChildren(); // as the reference does, so that files may say more
            }
        }
        require(type != null, tensor, "dtype");
        require(shape != null, tensor, "shape");
        require(offsets != null && offsets.length == 2, tensor, "pair of data_offsets");
        return new TensorEntry(name, type, shape, offsets[0], offsets[1]);
    }

    private ElementType type(String tensor) throws IOException {
        expect(JsonToken.VALUE_STRING, tensor + ", dtype", "a string");
        String name = json.getText();
        return Arrays.stream(ElementType.values()).filter(type -> type.name().equals(name)).findFirst()
                .orElseThrow(() -> fault(tensor + " has the unknown dtype " + Text.quote(name)));
    }

    private long[] integers(String tensor, String field, int most) throws IOException {
        expect(JsonToken.START_ARRAY, tensor + ", " + field, "an array");
        long[] values = new long[8];
        int count = 0;
        while (json.nextToken() != JsonToken.END_ARRAY) {
            if (count == most) {
                throw fault(tensor + ", " + field + ": expected at most " + most + " integers");
            }
            if (count == values.length) {
                values = Arrays.copyOf(values, 2 * count);
            }
            values[count++] = integer(tensor + ", " + field);
        }
        return Arrays.copyOf(values, count);
    }

    private long integer(String where) throws IOException {
        String text = json.getText();
        boolean whole = json.currentToken() == JsonToken.VALUE_NUMBER_INT && text.charAt(0) != '-';
        if (!whole) {
            throw fault(where + ": expected integers of 0 or more, got " + Text.quote(text));
        }
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw fault(where + ": expected integers below 2^63, got " + Text.quote(text));
        }
    }

    private String wellFormed(String text) {
        if (!Text.wellFormed(text)) {
            throw fault("half of a surrogate pair in " + Text.quote(text));
        }
        return text;
    }

    private void expect(JsonToken token, String where, String what) throws IOException {
        if (json.currentToken() != token) {
            throw fault(where + ": expected " + what + ", got " + Text.quote(json.getText()));
        }
    }

    private void require(boolean present, String tensor, String what) {
        if (!present) {
            throw fault(tensor + " has no " + what);
        }
    }

    private CheckpointException fault(String fault) {
        return new CheckpointException(file, fault);
    }
}
