package org.clnorm.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.clnorm.PythonPeer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.provider.Arguments;

/** Python's safetensors before the files that are refused here: it refuses them too, but for a few. */
class BrokenForPythonTest {
    /** What safetensors 0.8.0 takes and we do not. */
    private static final Set<String> TAKEN_THERE = Set.of(
            // it keeps the last of several, whatever the others said
            "key twice: uplicate", "tensor twice, the same: uplicate",
            // the format's description says that a header begins with '{'
            "spaces first: does not start with '{'",
            // what its JSON library takes in place of an object and of nothing
            "an array: tensor 'a': expected an object", "null: : expected ",
            // our limit: no framework makes so many, and a file cannot make us allocate them
            "256 dimensions: at most 255 integers");

    private static final int DAMAGED = 3000;

    @TempDir
    Path folder;

    @Test
    void ofBrokenFiles() throws Exception {
        List<Arguments> all = BrokenFilesTest.all().toList();
        assertTrue(all.size() >= 40, "only " + all.size());
        List<Boolean> taken = taken(all.stream().map(each -> (byte[]) each.get()[1]).toList());
        Set<String> names = new TreeSet<>();
        for (int i = 0; i < all.size(); i++) {
            if (taken.get(i)) {
                names.add(all.get(i).get()[0] + ": " + all.get(i).get()[2]);
            }
        }
        assertEquals(new TreeSet<>(TAKEN_THERE), names);
    }

    /** The same verdict on every one, where most are broken and some are not. */
    @Test
    void ofRandomDamage() throws Exception {
        List<byte[]> files = DamagedFilesTest.damaged(DAMAGED).toList();
        assertEquals(files.stream().map(BrokenForPythonTest::takenHere).toList(), taken(files));
    }

    private static boolean takenHere(byte[] file) {
        try {
            Safetensors.read(file, "file");
            return true;
        } catch (CheckpointException refused) {
            return false;
        }
    }

    private List<Boolean> taken(List<byte[]> files) throws Exception {
        for (int i = 0; i < files.size(); i++) {
            Files.write(folder.resolve(String.format("%06d", i)), files.get(i));
        }
        return PythonPeer.run("peer.py", "judge", PythonPeer.argument(folder)).stream()
                .map(line -> line.substring(6).startsWith(" taken")).toList();
    }
}
