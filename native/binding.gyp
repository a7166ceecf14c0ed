{
  # Two products in build/Release: pagerd.node, the engine for the manager, and libpagerd.so, the
  # client library.
  "variables": {
    # Inlining across files makes a fault 0.1 us shorter. GCC's own linker plugin is always there;
    # Clang's is not.
    "across_files": "<!(${CXX:-c++} --version | grep -qi clang && echo -O2 || echo -flto=auto)",
  },
  "target_defaults": {
    "include_dirs": ["."],
    "cflags_cc!": ["-std=gnu++17", "-fno-rtti"],
    "cflags_cc": [
      "-std=gnu++20", "-fno-exceptions", "-O2", "-g", "-Wall", "-Wextra", "-Werror",
      "-Wno-cast-function-type", "-Wno-missing-field-initializers",
    ],
    "cflags": ["-fvisibility=hidden"],
  },
  "targets": [
    {
      "target_name": "pagerd",
      "defines": [
        "NAPI_VERSION=9",
        "NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS",
        "NODE_ADDON_API_DISABLE_DEPRECATED",
      ],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      "cflags_cc": ["<(across_files)"],
      # Bound at once: in the keeper there is nobody who could look up functions any more.
      "ldflags": ["<(across_files)", "-Wl,-z,now"],
      "sources": [
        "<!@(find sys image engine binding -name *.cpp)",
      ],
    },
    {
      "target_name": "libpagerd",
      "product_name": "libpagerd",
      "product_prefix": "",
      "type": "shared_library",
      "product_dir": "<(PRODUCT_DIR)",
      "sources": ["<!@(ls client/*.cpp)", "sys/check.cpp", "sys/descriptor.cpp"],
      "ldflags": [
        "-Wl,-z,nodelete", "-static-libstdc++", "-static-libgcc", "-Wl,--no-undefined",
        "-Wl,--version-script=<(module_root_dir)/client/exports.map",
      ],
      "libraries": ["-lpthread"],
    },
  ],
}
