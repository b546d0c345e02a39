package org.clnorm.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads the JSON that commands write: an array of objects, which may hold objects and such arrays. */
final class Json {
    private Json() {
    }

    static List<Map<String, Object>> rows(String text) throws IOException {
        List<Map<String, Object>> rows = new ArrayList<>();
        try (JsonParser parser = new JsonFactory().createParser(text)) {
            assertEquals(JsonToken.START_ARRAY, parser.nextToken());
            while (parser.nextToken() == JsonToken.START_OBJECT) {
                rows.add(row(parser));
            }
            assertEquals(JsonToken.END_ARRAY, parser.currentToken());
            assertNull(parser.nextToken(), "nothing may follow the array");
        }
        return rows;
    }

    private static Map<String, Object> row(JsonParser parser) throws IOException {
        Map<String, Object> row = new LinkedHashMap<>();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            row.put(name, value(parser));
        }
        assertEquals(JsonToken.END_OBJECT, parser.currentToken());
        return row;
    }

    private static Object value(JsonParser parser) throws IOException {
        return switch (parser.nextToken()) {
            case VALUE_STRING -> parser.getText();
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case VALUE_NULL -> null;
            case START_OBJECT -> row(parser);
            case START_ARRAY -> {
                List<Map<String, Object>> objects = new ArrayList<>();
                while (parser.nextToken() == JsonToken.START_OBJECT) {
                    objects.add(row(parser));
                }
                yield objects;
            }
            default -> parser.getDoubleValue();
        };
    }
}
