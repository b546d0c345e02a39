/**
 * Normalization on OpenCL devices: finds and opens them, keeps their memory and programs, launches what a plan says.
 * {@link org.clnorm.engine.opencl.Cl} is the one seam through which every OpenCL call goes.
 */
package org.clnorm.engine.opencl;
