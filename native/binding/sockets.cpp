#include "binding/sockets.hpp"

#include <cstring>
#include <string>

#include "binding/client_process.hpp"
#include "binding/process_files.hpp"
#include "binding/register_range.hpp"
#include "binding/script.hpp"
#include "binding/socket_connection.hpp"
#include "binding/socket_listener.hpp"
#include "sys/closer.hpp"
#include "sys/keeper.hpp"
#include "sys/pidfd.hpp"
#include "sys/process.hpp"
#include "sys/socket.hpp"
#include "sys/uffd.hpp"

namespace pagerd::binding {

namespace {

// The descriptor goes to JavaScript, which owns it from here on.
Napi::Value give(Napi::Env env, const std::string &what, sys::Result<sys::Descriptor> opened) {
  if (!opened.ok()) {
    throw_error(env, what, opened.error());
    return env.Undefined();
  }
  return Napi::Number::New(env, opened.value().release());
}

// (path) => socket
Napi::Value connect_seqpacket(const Napi::CallbackInfo &call) {
  const std::string path = call[0].ToString();
  return give(call.Env(), "Cannot connect to " + path, sys::connect_seqpacket(path));
}

// (path, uid, gid)
Napi::Value give_socket(const Napi::CallbackInfo &call) {
  const std::string path = call[0].ToString();
  const sys::Status given =
      sys::give_socket(path, call[1].ToNumber().Uint32Value(), call[2].ToNumber().Uint32Value());
  if (!given.ok()) throw_error(call.Env(), "Cannot give " + path + " away", given.error());
  return call.Env().Undefined();
}

// (path) => descriptor that holds the lock
Napi::Value lock_file(const Napi::CallbackInfo &call) {
  const std::string path = call[0].ToString();
  return give(call.Env(), "Cannot lock " + path, sys::lock_file(path));
}

// (descriptor) => ListeningSocket
Napi::Value take_listening(const Napi::CallbackInfo &call) {
  const int socket = call[0].ToNumber().Int32Value();
  auto taken = sys::take_listening(socket);
  if (!taken.ok()) {
    const std::string what = "Descriptor " + std::to_string(socket) + " is no socket";
    throw_error(call.Env(), what, taken.error());
    return call.Env().Undefined();
  }
  Napi::Object listening = Napi::Object::New(call.Env());
  listening.Set("type", taken.value().type);
  listening.Set("isListening", taken.value().is_listening);
  listening.Set("path", taken.value().path);
  return listening;
}

// () => descriptor
Napi::Value open_device(const Napi::CallbackInfo &call) {
  return give(call.Env(), "Cannot open /dev/userfaultfd", sys::open_userfaultfd_device());
}

// (path, text)
void send_datagram(const Napi::CallbackInfo &call) {
  const std::string path = call[0].ToString();
  const std::string text = call[1].ToString();
  const auto *bytes = reinterpret_cast<const std::uint8_t *>(text.data());
  const sys::Status sent = sys::send_datagram(path, {bytes, text.size()});
  if (!sent.ok()) throw_error(call.Env(), "Cannot send to " + path, sent.error());
}

// (descriptor) => DescriptorKind
Napi::Value describe_descriptor(const Napi::CallbackInfo &call) {
  const sys::DescriptorKind kind = sys::describe_descriptor(call[0].ToNumber().Int32Value());
  Napi::Object description = Napi::Object::New(call.Env());
  description.Set("name", kind.name);
  description.Set("isUserfaultfd", kind.is_userfaultfd);
  description.Set("isInitialised", kind.is_initialised);
  description.Set("features", kind.features);
  description.Set("isSharedMemory", kind.is_shared_memory);
  return description;
}

// (descriptor)
void close_descriptor(const Napi::CallbackInfo &call) {
  sys::close_descriptor(call[0].ToNumber().Int32Value());
}

// Never destroyed: threads of it may outlive every other object.
sys::Closer &closer() {
  static sys::Closer *const instance = new sys::Closer();
  return *instance;
}

// (descriptor, uid)
void close_for(const Napi::CallbackInfo &call) {
  closer().close(call[0].ToNumber().Int32Value(), call[1].ToNumber().Uint32Value());
}

// (uid) => number
Napi::Value closing_for(const Napi::CallbackInfo &call) {
  const std::size_t closing = closer().closing_for(call[0].ToNumber().Uint32Value());
  return Napi::Number::New(call.Env(), static_cast<double>(closing));
}

// (pid) => cpu or -1
Napi::Value pinned_cpu(const Napi::CallbackInfo &call) {
  return Napi::Number::New(call.Env(), sys::pinned_cpu(call[0].ToNumber().Int32Value()));
}

// (descriptor, descriptor) => boolean
Napi::Value is_same_file(const Napi::CallbackInfo &call) {
  const int one = call[0].ToNumber().Int32Value();
  const int other = call[1].ToNumber().Int32Value();
  return Napi::Boolean::New(call.Env(), sys::is_same_file(one, other));
}

// (userfaultfd, features) => the errno's name, "" for success
Napi::Value begin_userfaultfd(const Napi::CallbackInfo &call) {
  const int uffd = call[0].ToNumber().Int32Value();
  const sys::Status begun = sys::uffd_begin(uffd, call[1].ToNumber().Uint32Value());
  const char *name = begun.ok() ? "" : ::strerrorname_np(begun.error().code);
  return Napi::String::New(call.Env(), name ? name : "unknown");
}

// () => pid
Napi::Value start_keeper(const Napi::CallbackInfo &call) {
  sys::Result<pid_t> keeper = sys::start_keeper();
  if (keeper.ok()) return Napi::Number::New(call.Env(), keeper.value());
  throw_error(call.Env(), "Cannot start a keeper", keeper.error());
  return call.Env().Undefined();
}

// () => { before, after }
Napi::Value raise_descriptor_limit(const Napi::CallbackInfo &call) {
  sys::Result<sys::DescriptorLimit> limit = sys::raise_descriptor_limit();
  if (!limit.ok()) {
    throw_error(call.Env(), "Cannot raise the limit of open descriptors", limit.error());
    return call.Env().Undefined();
  }
  Napi::Object figures = Napi::Object::New(call.Env());
  figures.Set("before", static_cast<double>(limit.value().before));
  figures.Set("after", static_cast<double>(limit.value().after));
  return figures;
}

}  // namespace

void register_sockets(Napi::Env env, Napi::Object exports) {
  exports.Set("SocketListener", SocketListener::define(env));
  exports.Set("SocketConnection", SocketConnection::define(env));
  exports.Set("ClientProcess", ClientProcess::define(env));
  exports.Set("openImageMemory", Napi::Function::New<open_image_memory>(env));
  exports.Set("userfaultfdsOf", Napi::Function::New<userfaultfds_of>(env));
  exports.Set("isSameFile", Napi::Function::New<is_same_file>(env));
  exports.Set("registerRange", Napi::Function::New<register_range>(env));
  exports.Set("connectSeqpacket", Napi::Function::New<connect_seqpacket>(env));
  exports.Set("giveSocket", Napi::Function::New<give_socket>(env));
  exports.Set("lockFile", Napi::Function::New<lock_file>(env));
  exports.Set("takeListening", Napi::Function::New<take_listening>(env));
  exports.Set("openDevice", Napi::Function::New<open_device>(env));
  exports.Set("sendDatagram", Napi::Function::New<send_datagram>(env));
  exports.Set("describeDescriptor", Napi::Function::New<describe_descriptor>(env));
  exports.Set("closeDescriptor", Napi::Function::New<close_descriptor>(env));
  exports.Set("closeFor", Napi::Function::New<close_for>(env));
  exports.Set("closingFor", Napi::Function::New<closing_for>(env));
  exports.Set("beginUserfaultfd", Napi::Function::New<begin_userfaultfd>(env));
  exports.Set("startKeeper", Napi::Function::New<start_keeper>(env));
  exports.Set("pinnedCpu", Napi::Function::New<pinned_cpu>(env));
  exports.Set("raiseDescriptorLimit", Napi::Function::New<raise_descriptor_limit>(env));
}

}  // namespace pagerd::binding
