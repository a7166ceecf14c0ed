#pragma once

#include <napi.h>

#include <initializer_list>
#include <string>

#include "sys/result.hpp"

// How native code speaks to JavaScript: errors thrown to it, functions called in it.
namespace pagerd::binding {

// An Error whose `code` is the errno's name, and whose message is `what`, the call and the errno's
// text.
void throw_error(Napi::Env env, const std::string &what, const sys::Error &error);

// An Error with a code of the protocol's.
void throw_code(Napi::Env env, const char *code, const char *message);

void throw_type_error(Napi::Env env, const char *wanted);

// Calls a function from the loop, outside of any JavaScript. An exception that it lets go is a bug
// of ours: it goes to the process's uncaughtException, which ends it with its last words. Works
// for whatever is thrown, null included.
void call_from_loop(const Napi::FunctionReference &function,
                    std::initializer_list<napi_value> values);

}  // namespace pagerd::binding
