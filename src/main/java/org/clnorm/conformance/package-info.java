/** Cases and the comparison of two engines: what the tests and the commands {@code run} and {@code check} share. */
package org.clnorm.conformance;
