/**
 * Timing: workloads checked, then timed, and reported beside a copy of the same number of bytes. The command
 * {@code clnorm bench} is made of it.
 */
package org.clnorm.bench;
