/**
 * The reference engine: the readable definition of every pass, in double arithmetic, in plain Java. Programs get
 * it with {@code Device.open("cpu")} or {@link org.clnorm.tensor.Device#cpu()}, and need no class of this package.
 */
package org.clnorm.engine.cpu;
