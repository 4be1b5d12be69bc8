// libnvrtc: compiles CUDA C++ for the CPU with g++. CUDA's names come from shim/cuda.h; for each kernel a function with
// C linkage is added that unpacks the parameters of a launch. KERNEL_FLAGS comes from build.py.
#include <dlfcn.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

namespace {

constexpr int kSuccess = 0, kCompilationError = 6, kUnknownName = 9;

struct Program {
    std::string source, log, image;
    std::vector<std::string> expressions, lowered;  // instances of templates that the caller asks for, and their names
};

std::string own_folder() {
    Dl_info info;
    dladdr(reinterpret_cast<void*>(own_folder), &info);
    const std::string path = info.dli_fname;
    return path.substr(0, path.rfind('/'));
}

std::string content(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

std::string environment(const char* name) {
    const char* value = getenv(name);
    return value ? value : "";
}

// extern __shared__ T x[];  becomes  T* x = (T*)emulation_dynamic_shared;
std::string with_dynamic_shared_memory(const std::string& source) {
    static const std::regex declaration(R"(extern\s+__shared__\s+([\w:<> ]+?)\s*(\w+)\s*\[\s*\]\s*;)");
    return std::regex_replace(source, declaration, "$1* $2 = ($1*)emulation_dynamic_shared;");
}

bool synchronises(const std::string& source) {
    for (const char* sign : {"__sync", "_sync(", "cub::"})
        if (source.find(sign) != std::string::npos) return true;
    return false;
}

std::string entry(const std::string& name, const std::string& kernel) {
    return "extern \"C\" void emulation_call_" + name + "(void** p) { emulation_call(&" + kernel + ", p); }\n";
}

std::string entries(const Program& program, const std::string& source) {
    static const std::string bounds = R"((?:__launch_bounds__\s*\([^)]*\)\s*)?)";
    static const std::regex kernel("__global__\\s+" + bounds + R"((?:static\s+|inline\s+)?void\s+)" + bounds + R"((\w+)\s*\()");
    std::string text;
    for (std::sregex_iterator match(source.begin(), source.end(), kernel), end; match != end; ++match) {
        const size_t position = match->position(), before = source.find_last_of(";}", position);
        const size_t start = before == std::string::npos ? 0 : before;
        const bool templated = source.substr(start, position - start).find("template") != std::string::npos;
        if (!templated) text += entry((*match)[1], (*match)[1]);
    }
    for (size_t i = 0; i < program.expressions.size(); i++) text += entry(program.lowered[i], program.expressions[i]);
    return text;
}

std::string host_source(const Program& program) {
    const std::string source = with_dynamic_shared_memory(program.source);
    return source + "\nextern \"C\" { int emulation_synchronises = " + (synchronises(source) ? "1" : "0") + "; }\n" +
           entries(program, source);
}

std::string command(int count, const char** options) {
    const std::string here = own_folder();
    // AddressSanitizer, if preloaded, is for the kernels and not for their compiler
    std::string line = "env -u LD_PRELOAD g++ -shared " KERNEL_FLAGS " -I" + here + "/shim -include " + here + "/shim/cuda.h " +
                       environment("CUPY_ON_CPU_CXXFLAGS");
    for (int i = 0; i < count; i++) {
        const std::string option = options[i], kind = option.substr(0, 2);
        if (kind == "-I" || kind == "-D") line += " '" + option + "'";
    }
    return line;
}

}  // namespace

extern "C" {

const char* nvrtcGetErrorString(int code) {
    return code == kCompilationError ? "NVRTC_ERROR_COMPILATION" : code ? "NVRTC_ERROR" : "NVRTC_SUCCESS";
}

int nvrtcVersion(int* major, int* minor) {
    *major = 13;
    *minor = 2;
    return kSuccess;
}

int nvrtcGetNumSupportedArchs(int* count) {
    *count = 1;
    return kSuccess;
}

int nvrtcGetSupportedArchs(int* archs) {
    archs[0] = 90;
    return kSuccess;
}

int nvrtcCreateProgram(Program** program, const char* source, const char*, int, const char**, const char**) {
    *program = new Program;
    (*program)->source = source;
    return kSuccess;
}

int nvrtcDestroyProgram(Program** program) {
    delete *program;
    *program = nullptr;
    return kSuccess;
}

int nvrtcAddNameExpression(Program* program, const char* expression) {
    program->lowered.push_back("instance" + std::to_string(program->expressions.size()));
    program->expressions.push_back(expression);
    return kSuccess;
}

int nvrtcGetLoweredName(Program* program, const char* expression, const char** name) {
    for (size_t i = 0; i < program->expressions.size(); i++) {
        if (program->expressions[i] != expression) continue;
        *name = program->lowered[i].c_str();
        return kSuccess;
    }
    return kUnknownName;
}

int nvrtcCompileProgram(Program* program, int count, const char** options) {
    char pattern[] = P_tmpdir "/cupy_on_cpu_XXXXXX";
    const char* made = mkdtemp(pattern);
    if (!made) return kCompilationError;
    const std::string folder = made;
    std::ofstream(folder + "/kernel.cpp") << host_source(*program);
    const std::string files = folder + "/kernel.cpp -o " + folder + "/kernel.so " + own_folder() + "/libcuda.so.1";
    const int failed = system((command(count, options) + " " + files + " > " + folder + "/log 2>&1").c_str());
    program->log = content(folder + "/log");
    if (!failed) {
        const std::string code = content(folder + "/kernel.so");
        const uint64_t size = code.size();
        program->image = std::string("CPUCODE", 8) + std::string(reinterpret_cast<const char*>(&size), 8) + code;
    }
    system(("rm -rf " + folder).c_str());
    return failed ? kCompilationError : kSuccess;
}

int nvrtcGetCUBINSize(Program* program, size_t* size) {
    *size = program->image.size();
    return kSuccess;
}

int nvrtcGetCUBIN(Program* program, char* image) {
    memcpy(image, program->image.data(), program->image.size());
    return kSuccess;
}

// CuPy hashes the PTX of an empty program to tell compilers apart.
int nvrtcGetPTXSize(Program*, size_t* size) {
    *size = sizeof "// cupy on cpu\n";
    return kSuccess;
}

int nvrtcGetPTX(Program*, char* text) {
    strcpy(text, "// cupy on cpu\n");
    return kSuccess;
}

int nvrtcGetProgramLogSize(Program* program, size_t* size) {
    *size = program->log.size() + 1;
    return kSuccess;
}

int nvrtcGetProgramLog(Program* program, char* text) {
    memcpy(text, program->log.c_str(), program->log.size() + 1);
    return kSuccess;
}

}  // extern "C"
