// The half precision type: stored as 16 bits, computed with as float.
#pragma once

struct __half_raw {
    unsigned short x;
};

struct __half {
    unsigned short bits;

    __half() = default;
    __half(float value) : bits(__float2half_rn(value)) {}
    __half(const __half_raw& raw) : bits(raw.x) {}
    template <class T, class = std::enable_if_t<std::is_arithmetic_v<T>>>
    explicit __half(T value) : __half(static_cast<float>(value)) {}

    operator float() const { return __half2float(bits); }
    operator __half_raw() const { return {bits}; }
};

typedef __half half;

inline unsigned short __half_as_ushort(__half value) { return value.bits; }
inline __half __ushort_as_half(unsigned short bits) { return __half_raw{bits}; }
