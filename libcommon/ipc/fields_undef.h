/* SPDX-License-Identifier: GPL-3.0-or-later */
/* No include guard: undoes one expansion of the .def files. */
#undef U8
#undef U16
#undef U32
#undef U64
#undef I64
#undef BOOL
#undef ENUM
#undef STR
#undef OPTSTR
#undef BYTES
#undef ADDR
#undef RECORDS
#undef STRS
#undef NONE
#undef RECORD
#undef CALL
