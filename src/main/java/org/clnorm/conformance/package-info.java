/**
 * Cases and the comparison of two engines: what the tests and the commands {@code run}, {@code check} and {@code bench}
 * share. A line such as {@code layer_norm 4096x1024 normalized_shape=1024} is a
 * {@link org.clnorm.conformance.Workload}.
 */
package org.clnorm.conformance;
