/** Other libraries that compute the same: each in a process of its own that is asked line by line. */
package org.clnorm.bench.peer;
