// Atomic operations: one thread runs at a time, so they are plain read, compute, write. The old value is returned.
#pragma once

template <class T>
inline T emulation_replace(T* p, T value) {
    const T old = *p;
    *p = value;
    return old;
}

template <class T, class U>
inline T atomicAdd(T* p, U v) { return emulation_replace(p, static_cast<T>(*p + static_cast<T>(v))); }
template <class T, class U>
inline T atomicSub(T* p, U v) { return emulation_replace(p, static_cast<T>(*p - static_cast<T>(v))); }
template <class T, class U>
inline T atomicMax(T* p, U v) { return emulation_replace(p, *p < static_cast<T>(v) ? static_cast<T>(v) : *p); }
template <class T, class U>
inline T atomicMin(T* p, U v) { return emulation_replace(p, static_cast<T>(v) < *p ? static_cast<T>(v) : *p); }
template <class T, class U>
inline T atomicAnd(T* p, U v) { return emulation_replace(p, static_cast<T>(*p & static_cast<T>(v))); }
template <class T, class U>
inline T atomicOr(T* p, U v) { return emulation_replace(p, static_cast<T>(*p | static_cast<T>(v))); }
template <class T, class U>
inline T atomicXor(T* p, U v) { return emulation_replace(p, static_cast<T>(*p ^ static_cast<T>(v))); }
template <class T, class U>
inline T atomicExch(T* p, U v) { return emulation_replace(p, static_cast<T>(v)); }
template <class T, class U, class V>
inline T atomicCAS(T* p, U expected, V v) {
    return emulation_replace(p, *p == static_cast<T>(expected) ? static_cast<T>(v) : *p);
}
