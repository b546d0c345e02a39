/** Timing: workloads checked, then timed, and reported beside a copy of the same number of bytes. */
package org.clnorm.bench;
