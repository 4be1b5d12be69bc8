// CUDA's device functions that host C++ lacks, and its mathematics in the global namespace.
#pragma once

using std::abs;
using std::atan2;
using std::ceil;
using std::copysign;
using std::cos;
using std::exp;
using std::expm1;
using std::fabs;
using std::floor;
using std::fma;
using std::fmod;
using std::frexp;
using std::hypot;
using std::isfinite;
using std::isinf;
using std::isnan;
using std::ldexp;
using std::log;
using std::log1p;
using std::max;
using std::min;
using std::modf;
using std::nextafter;
using std::pow;
using std::rint;
using std::signbit;
using std::sin;
using std::sqrt;
using std::tanh;
using std::trunc;

inline double rsqrt(double x) { return 1 / std::sqrt(x); }
inline float rsqrt(float x) { return 1 / std::sqrt(x); }
inline float rsqrtf(float x) { return 1 / std::sqrt(x); }
inline double sinpi(double x) { return std::sin(M_PI * x); }
inline double cospi(double x) { return std::cos(M_PI * x); }

// max and min of two types, as CUDA overloads them
inline long long min(long long a, int b) { return a < b ? a : b; }
inline long long min(int a, long long b) { return a < b ? a : b; }
inline double min(double a, float b) { return a < b ? a : b; }
inline double min(float a, double b) { return a < b ? a : b; }
inline long long max(long long a, int b) { return a > b ? a : b; }
inline long long max(int a, long long b) { return a > b ? a : b; }
inline double max(double a, float b) { return a > b ? a : b; }
inline double max(float a, double b) { return a > b ? a : b; }

// Bits
inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
inline int __clz(int x) { return x ? __builtin_clz(static_cast<unsigned>(x)) : 32; }
inline int __clzll(long long x) { return x ? __builtin_clzll(x) : 64; }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline int __ffsll(long long x) { return __builtin_ffsll(x); }

template <class To, class From>
inline To emulation_bits(From value) {
    static_assert(sizeof(To) == sizeof(From));
    To result;
    memcpy(&result, &value, sizeof result);
    return result;
}

inline int __float_as_int(float x) { return emulation_bits<int>(x); }
inline float __int_as_float(int x) { return emulation_bits<float>(x); }
inline unsigned __float_as_uint(float x) { return emulation_bits<unsigned>(x); }
inline float __uint_as_float(unsigned x) { return emulation_bits<float>(x); }
inline long long __double_as_longlong(double x) { return emulation_bits<long long>(x); }
inline double __longlong_as_double(long long x) { return emulation_bits<double>(x); }
inline int __double2hiint(double x) { return static_cast<int>(__double_as_longlong(x) >> 32); }
inline int __double2loint(double x) { return static_cast<int>(__double_as_longlong(x)); }
inline double __hiloint2double(int high, int low) {
    return __longlong_as_double(static_cast<long long>(high) << 32 | static_cast<unsigned>(low));
}

// Half precision, in which CuPy's headers store
inline unsigned short __float2half_rn(float x) { return emulation_bits<unsigned short>(static_cast<_Float16>(x)); }
inline float __half2float(unsigned short x) { return static_cast<float>(emulation_bits<_Float16>(x)); }

template <class T>
inline T __ldg(const T* p) { return *p; }
