"""Makes the .npy and .npz files of this folder: python make.py FOLDER. Made with numpy 2.4.

Element k, in C order, is k * 37 % 101 - 20; 8 more and a divisor of 8 for floats; no 20 for unsigned integers; of truth
values it is whether k is a multiple of 3.
"""
import sys

import numpy as np

folder = sys.argv[1]


def array(dtype, shape):
    dtype = np.dtype(dtype)
    k = np.arange(int(np.prod(shape)))
    values = k * 37 % 101 - 20
    values = {"b": k % 3 == 0, "u": values + 20, "i": values, "f": (values + 8) / 8}[dtype.kind]
    return values.reshape(shape).astype(dtype)


types = ["|b1", "|i1", "|u1"] + [o + t for t in ["i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8"] for o in "<>"]
named = {}
for t in types:
    named[f"{t[1:]} {'big' if t[0] == '>' else 'little'} c"] = array(t, (2, 3, 4))
    named[f"{t[1:]} {'big' if t[0] == '>' else 'little'} fortran"] = np.asfortranarray(array(t, (2, 3, 4)))
np.savez(f"{folder}/types.npz", **named)
np.savez_compressed(f"{folder}/types-compressed.npz", **named)
np.savez(f"{folder}/unnamed.npz", array("<f4", (3,)), array("<f8", ()))
np.savez(f"{folder}/names.npz", **{"layer1/bn/gamma:0": array("<f4", (3,)), "größe.npy": array("<f4", (2,))})
np.savez(f"{folder}/none.npz")

np.save(f"{folder}/matrix.npy", array("<f4", (3, 4)))
np.save(f"{folder}/fortran.npy", np.asfortranarray(array(">f8", (5, 1, 3, 2))))
np.save(f"{folder}/fortran-row.npy", np.asfortranarray(array("<i4", (7,))))
np.save(f"{folder}/single.npy", array("<f8", ()))
np.save(f"{folder}/empty.npy", array("<f4", (0, 3)))
np.save(f"{folder}/empty-fortran.npy", np.asfortranarray(array("<f4", (3, 0, 2))))
np.save(f"{folder}/extremes.npy", np.array([-2**63, 2**63 - 1, 0, -1], ">i8"))
np.save(f"{folder}/special.npy", np.array([np.nan, np.inf, -np.inf, -0.0, 5e-324, 1.7976931348623157e308], ">f8"))
np.save(f"{folder}/halves.npy", np.array([65504, 6e-8, -np.inf, np.nan, 1 / 3], ">f2"))
for version in [(1, 0), (2, 0), (3, 0)]:
    with open(f"{folder}/version{version[0]}.npy", "wb") as out:
        np.lib.format.write_array(out, array("<f4", (2, 3)), version)

# what is refused
np.save(f"{folder}/object.npy", np.array([{"a": 1}, None], object))
np.save(f"{folder}/structured.npy", np.array([(1, 2.0)], [("a", "<i4"), ("b", "<f4")]))
np.save(f"{folder}/structured-unicode.npy", np.array([(1,)], [("größe", "<i4")]))
np.save(f"{folder}/complex.npy", np.array([1 + 2j]))
np.save(f"{folder}/text.npy", np.array(["abc"]))
np.save(f"{folder}/bytes.npy", np.array([b"abc"]))
np.save(f"{folder}/date.npy", np.array(["2026-01-01"], "datetime64[D]"))
np.save(f"{folder}/longdouble.npy", np.array([1], np.longdouble))
np.save(f"{folder}/void.npy", np.array([b"ab"], "V2"))
np.savez(f"{folder}/object-in-zip.npz", fine=array("<f4", (3,)), broken=np.array([None], object))
np.savez_compressed(f"{folder}/zeros.npz", zeros=np.zeros((64, 64, 64), np.float32))
