package org.clnorm.example.train;

import java.util.Locale;

/** What multiplies matrices. */
public enum GemmKind {
    /** {@link #CLBLAST} where it has a native library for this machine, {@link #PLAIN} elsewhere. */
    AUTO,
    /** CLBlast, through JOCLBlast. */
    CLBLAST,
    /** A kernel of this example's. */
    PLAIN;

    /**
     * The multiplication of a name.
     *
     * @param label {@code auto}, {@code clblast} or {@code plain}
     * @return the multiplication
     * @throws IllegalArgumentException if there is none of that name
     */
    public static GemmKind of(String label) {
        for (GemmKind kind : values()) {
            if (kind.label().equals(label)) {
                return kind;
            }
        }
        throw new IllegalArgumentException("expected a GEMM of clblast, plain or auto, got '" + label + "'");
    }

    /**
     * The name that options and files know it by.
     *
     * @return such as {@code clblast}
     */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** On a device; the caller closes it. */
    Gemm open(Ops ops) {
        if (this == CLBLAST || this == AUTO && ClBlastGemm.isAvailable()) {
            return new ClBlastGemm(ops);
        }
        return new PlainGemm(ops);
    }
}
