package org.clnorm.state;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.PropertyDefaults;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** States of any names, types, shapes, bytes and metadata through a file. */
@PropertyDefaults(edgeCases = EdgeCasesMode.NONE)
class StatePropertiesTest {
    private static Path folder;

    @BeforeContainer
    static void makeFolder() throws IOException {
        folder = MemoryFolder.make();
    }

    @AfterContainer
    static void removeFolder() throws IOException {
        Files.deleteIfExists(folder.resolve("one"));
        Files.deleteIfExists(folder.resolve("other"));
        Files.delete(folder);
    }

    /** Any text that UTF-8 can hold, often of what JSON escapes, never the one that the format keeps for itself. */
    @Provide
    Arbitrary<String> texts() {
        Arbitrary<String> any = Arbitraries.strings().ofMaxLength(12);
        Arbitrary<String> escaped = Arbitraries.strings()
                .withChars("\"\\/\b\f\n\r\t\u0000\u001f\u007f\u2028\ud83d\ude00{}").ofMaxLength(6);
        Arbitrary<String> usual = Arbitraries.of("weight", "layer1.0.bn1.running_mean", "é", "\ud83d\ude00", "");
        return Arbitraries.oneOf(any, escaped, usual)
                .filter(text -> Text.wellFormed(text) && !text.equals(Safetensors.METADATA_KEY));
    }

    private static Arbitrary<HostTensor> tensors() {
        Arbitrary<long[]> shape = Arbitraries.longs().between(0, 4).array(long[].class).ofMaxSize(4);
        return Combinators.combine(Arbitraries.of(ElementType.class), shape, Arbitraries.randoms())
                .as((type, dims, random) -> {
                    if (type.bits() < Byte.SIZE) { // whole bytes only
                        dims = Arrays.copyOf(dims, dims.length + 1);
                        dims[dims.length - 1] = Byte.SIZE;
                    }
                    byte[] bytes = new byte[(int) type.byteSize(dims)];
                    random.nextBytes(bytes);
                    return HostTensor.ofBytes(type, bytes, dims);
                });
    }

    @Provide
    Arbitrary<StateDict> states() {
        return Combinators.combine(Arbitraries.maps(texts(), tensors()).ofMaxSize(8),
                Arbitraries.maps(texts(), texts()).ofMaxSize(5)).as(StatePropertiesTest::state);
    }

    private static StateDict state(Map<String, HostTensor> tensors, Map<String, String> metadata) {
        StateDict state = new StateDict();
        tensors.forEach(state::put);
        metadata.forEach(state::putMetadata);
        return state;
    }

    private static Path save(StateDict state, String name) {
        Path file = folder.resolve(name);
        state.save(file);
        return file;
    }

    @Property
    void whatWasSavedIsLoaded(@ForAll("states") StateDict state) {
        assertEquals(state, StateDict.load(save(state, "one")));
    }

    /** Wider types first, then by the bytes of the name; metadata by those of the key. */
    @Property
    void theOrderIsThatOfTheFormat(@ForAll("states") StateDict state) {
        StateDict loaded = StateDict.load(save(state, "one"));
        Comparator<String> byBytes = Comparator.comparing(name -> name.getBytes(StandardCharsets.UTF_8),
                Arrays::compareUnsigned);
        List<String> names = new ArrayList<>(state.tensors().keySet());
        names.sort(Comparator.comparing((String name) -> -state.get(name).type().ordinal()).thenComparing(byBytes));
        assertEquals(names, List.copyOf(loaded.tensors().keySet()));
        List<String> keys = new ArrayList<>(state.metadata().keySet());
        keys.sort(byBytes);
        assertEquals(keys, List.copyOf(loaded.metadata().keySet()));
    }

    @Property
    void theSameStateIsTheSameBytesInWhateverOrderItWasPut(@ForAll("states") StateDict state) throws IOException {
        StateDict reversed = new StateDict();
        List<String> names = new ArrayList<>(state.tensors().keySet());
        Collections.reverse(names);
        names.forEach(name -> reversed.put(name, state.get(name)));
        List<String> keys = new ArrayList<>(state.metadata().keySet());
        Collections.reverse(keys);
        keys.forEach(key -> reversed.putMetadata(key, state.metadata().get(key)));
        assertArrayEquals(Files.readAllBytes(save(state, "one")), Files.readAllBytes(save(reversed, "other")));
    }

    @Property
    void aPartIsLoadedAsItWouldBeOfTheWhole(@ForAll("states") StateDict state, @ForAll int salt) {
        StateDict part = StateDict.load(save(state, "one"), name -> (name.hashCode() ^ salt) % 2 == 0);
        assertEquals(state.filter(name -> (name.hashCode() ^ salt) % 2 == 0), part);
    }

    @Property
    void theHeaderSaysWhatTheTensorsAre(@ForAll("states") StateDict state) {
        Header header = Safetensors.readHeader(save(state, "one"));
        assertEquals(state.metadata(), header.metadata());
        assertEquals(state.tensors().size(), header.entries().size());
        header.entries().forEach(entry -> {
            HostTensor tensor = state.get(entry.name());
            assertEquals(tensor.type(), entry.type());
            assertArrayEquals(tensor.shape(), entry.shape());
            assertEquals(tensor.bytes().remaining(), entry.size());
        });
    }

    @Property
    void prefixesComeOffAgain(@ForAll("states") StateDict state, @ForAll("texts") String prefix) {
        StateDict put = state.filter(name -> !name.isEmpty()).rename(name -> prefix + "." + name);
        assertEquals(state.filter(name -> !name.isEmpty()), put.withoutPrefix(prefix + "."));
        if (put.tensors().isEmpty()) {
            assertThrows(IllegalArgumentException.class, () -> put.under(prefix));
        } else {
            assertEquals(state.filter(name -> !name.isEmpty()), put.under(prefix));
        }
    }
}
