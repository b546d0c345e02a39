package org.clnorm.cli;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * Colours of groups: light ones that black letters can be read on and that the colour-blind can tell apart, no two
 * alike where groups touch.
 */
final class GroupColours {
    private static final String[] COLOURS = {"#77aadd", "#ee8866", "#eedd88", "#44bb99", "#ffaabb", "#bbcc33",
        "#99ddff", "#cfcfcf"};

    private final Map<Long, Integer> colours = new HashMap<>();

    /** Of the groups drawn, row by row; null for what is in none. */
    GroupColours(Long[][] groups) {
        int[] used = new int[COLOURS.length];
        for (int row = 0; row < groups.length; row++) {
            for (int column = 0; column < groups[row].length; column++) {
                Long group = groups[row][column];
                if (group != null && !colours.containsKey(group)) {
                    Integer left = column == 0 ? null : colours.get(groups[row][column - 1]);
                    Integer above = row == 0 ? null : colours.get(groups[row - 1][column]);
                    int colour = rarest(used, left, above);
                    used[colour]++;
                    colours.put(group, colour);
                }
            }
        }
    }

    private static int rarest(int[] used, Integer... near) {
        int rarest = -1;
        for (int i = 0; i < used.length; i++) {
            if (!Arrays.asList(near).contains(i) && (rarest < 0 || used[i] < used[rarest])) {
                rarest = i;
            }
        }
        return rarest;
    }

    /** Whether some groups share a colour. */
    boolean repeat() {
        return colours.size() > COLOURS.length;
    }

    String of(long group) {
        return COLOURS[colours.get(group)];
    }
}
