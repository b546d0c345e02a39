package org.clnorm.bench.peer;

/**
 * What a peer took for one forward pass and the backward pass to it, in nanoseconds.
 *
 * @param forward        from before the call until the result is there
 * @param backward       likewise, 0 where the workload has no backward pass
 * @param forwardDevice  by the device's clock, -1 where it has none
 * @param backwardDevice likewise
 */
public record Turn(long forward, long backward, long forwardDevice, long backwardDevice) {
    /** Reads the numbers of an answer: two, or four. */
    static Turn of(String[] words) {
        boolean device = words.length == 4;
        if (!device && words.length != 2) {
            throw new NumberFormatException("expected two or four times");
        }
        return new Turn(Long.parseLong(words[0]), Long.parseLong(words[1]), device ? Long.parseLong(words[2]) : -1,
                device ? Long.parseLong(words[3]) : -1);
    }
}
