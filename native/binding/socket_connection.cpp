#include "binding/socket_connection.hpp"

#include <cerrno>

#include "binding/script.hpp"
#include "sys/pidfd.hpp"

namespace pagerd::binding {

namespace {

// Frames taken from one connection before the others have their turn.
constexpr int frames_per_wakeup_max = 8;

// One receive buffer serves every connection: only the JS thread receives, and a frame is copied
// out before the next.
std::span<std::uint8_t> receive_buffer() {
  static std::uint8_t bytes[sys::frame_bytes_max];
  return bytes;
}

const char *name_of(sys::Sent sent) {
  switch (sent) {
    case sys::Sent::whole: return "sent";
    case sys::Sent::would_block: return "would_block";
    case sys::Sent::gone: return "gone";
  }
  PAGERD_CHECK(false);
}

}  // namespace

Napi::Function SocketConnection::define(Napi::Env env) {
  using Self = SocketConnection;
  return DefineClass(env, "SocketConnection",
                     {
                         InstanceMethod<&Self::start>("start"),
                         InstanceMethod<&Self::send>("send"),
                         InstanceMethod<&Self::await_writable>("awaitWritable"),
                         InstanceMethod<&Self::pause>("pause"),
                         InstanceMethod<&Self::resume>("resume"),
                         InstanceMethod<&Self::outlive_socket>("outliveSocket"),
                         InstanceMethod<&Self::kill>("kill"),
                         InstanceMethod<&Self::close>("close"),
                         InstanceAccessor<&Self::pid>("pid"),
                         InstanceAccessor<&Self::uid>("uid"),
                         InstanceAccessor<&Self::gid>("gid"),
                         InstanceAccessor<&Self::groups>("groups"),
                     });
}

SocketConnection::SocketConnection(const Napi::CallbackInfo &call) : ObjectWrap(call) {
  if (call.Length() != 1 || !call[0].IsNumber()) {
    throw_type_error(call.Env(), "SocketConnection wants (socket: number)");
    return;
  }
  socket_.reset(call[0].As<Napi::Number>().Int32Value());
  if (!take_over(call.Env())) release();
}

bool SocketConnection::take_over(Napi::Env env) {
  sys::Result<sys::Peer> peer = sys::peer_of(socket_.get());
  if (!peer.ok()) {
    throw_error(env, "Cannot tell who has connected", peer.error());
    return false;
  }
  peer_ = peer.value();
  sys::Result<std::vector<gid_t>> groups = sys::peer_groups(socket_.get());
  if (!groups.ok()) {
    throw_error(env, "Cannot tell who has connected", groups.error());
    return false;
  }
  groups_ = groups.take();
  sys::Result<sys::Descriptor> process = sys::peer_process(socket_.get(), peer_.pid);
  if (!process.ok()) {
    throw_error(env, "Cannot watch process " + std::to_string(peer_.pid), process.error());
    return false;
  }
  process_ = process.take();
  return true;
}

void SocketConnection::start(const Napi::CallbackInfo &call) {
  const Napi::Env env = call.Env();
  if (is_started_ || !socket_.is_open() || call.Length() != 3 || !call[0].IsFunction() ||
      !call[1].IsFunction() || !call[2].IsFunction()) {
    return throw_type_error(env, "start() wants (onFrame, onWritable, onClose), once");
  }
  on_frame_ = Napi::Persistent(call[0].As<Napi::Function>());
  on_writable_ = Napi::Persistent(call[1].As<Napi::Function>());
  on_close_ = Napi::Persistent(call[2].As<Napi::Function>());

  uv_loop_t *loop = loop_of(env);
  const auto on_socket = [](void *owner, int status, int events) {
    static_cast<SocketConnection *>(owner)->on_socket(status, events);
  };
  const auto on_process = [](void *owner, int, int) {
    static_cast<SocketConnection *>(owner)->end("the process has ended");
  };
  if (socket_watch_.start(loop, socket_.get(), this, on_socket) < 0 ||
      process_watch_.start(loop, process_.get(), this, on_process) < 0) {
    release();
    return throw_error(env, "Cannot watch the connection", {ENOMEM, "uv_poll_init"});
  }
  is_started_ = true;
  Ref();
  process_watch_.wait_for(UV_READABLE);
  wait_again();
}

Napi::Value SocketConnection::send(const Napi::CallbackInfo &call) {
  const Napi::Env env = call.Env();
  if (call.Length() != 2 || !call[0].IsTypedArray() || !call[1].IsArray()) {
    throw_type_error(env, "send() wants (frame: Uint8Array, descriptors: number[])");
    return env.Undefined();
  }
  const Napi::Uint8Array frame = call[0].As<Napi::Uint8Array>();
  const Napi::Array numbers = call[1].As<Napi::Array>();
  if (frame.ByteLength() > sys::frame_bytes_max ||
      numbers.Length() > sys::packet_descriptors_max) {
    throw_type_error(env, "send() wants at most 65536 bytes and 253 descriptors");
    return env.Undefined();
  }
  if (!socket_.is_open()) return Napi::String::New(env, name_of(sys::Sent::gone));

  std::vector<int> descriptors;
  for (std::uint32_t index = 0; index < numbers.Length(); ++index) {
    descriptors.push_back(numbers.Get(index).ToNumber().Int32Value());
  }
  sys::Result<sys::Sent> sent =
      sys::send_packet(socket_.get(), {frame.Data(), frame.ByteLength()}, descriptors);
  if (!sent.ok()) {
    throw_error(env, "Cannot send a frame", sent.error());
    return env.Undefined();
  }
  return Napi::String::New(env, name_of(sent.value()));
}

void SocketConnection::await_writable(const Napi::CallbackInfo &) {
  is_awaiting_writable_ = true;
  wait_again();
}

void SocketConnection::pause(const Napi::CallbackInfo &) {
  is_paused_ = true;
  wait_again();
}

void SocketConnection::resume(const Napi::CallbackInfo &) {
  is_paused_ = false;
  wait_again();
}

void SocketConnection::outlive_socket(const Napi::CallbackInfo &) { outlives_socket_ = true; }

void SocketConnection::kill(const Napi::CallbackInfo &) {
  if (process_.is_open()) sys::kill_process(process_.get());
}

void SocketConnection::close(const Napi::CallbackInfo &) { release(); }

Napi::Value SocketConnection::pid(const Napi::CallbackInfo &call) {
  return Napi::Number::New(call.Env(), peer_.pid);
}

Napi::Value SocketConnection::uid(const Napi::CallbackInfo &call) {
  return Napi::Number::New(call.Env(), peer_.uid);
}

Napi::Value SocketConnection::gid(const Napi::CallbackInfo &call) {
  return Napi::Number::New(call.Env(), peer_.gid);
}

Napi::Value SocketConnection::groups(const Napi::CallbackInfo &call) {
  Napi::Array groups = Napi::Array::New(call.Env(), groups_.size());
  for (std::uint32_t index = 0; index < groups_.size(); ++index) {
    groups.Set(index, Napi::Number::New(call.Env(), groups_[index]));
  }
  return groups;
}

void SocketConnection::on_socket(int status, int events) {
  const Napi::HandleScope scope(Env());
  [[maybe_unused]] const Napi::Object keep_alive = Value();
  // An error shows here when the peer closed without reading our answers.
  if (status < 0) return end_socket("the client closed its socket with frames unread");
  if ((events & UV_WRITABLE) != 0 && is_awaiting_writable_) {
    is_awaiting_writable_ = false;
    call_from_loop(on_writable_, {});
  }
  // A hang-up with frames before it: those first, and the end when its turn comes.
  if ((events & UV_READABLE) != 0 && !is_paused_) receive_some();
  else if ((events & UV_DISCONNECT) != 0) end_socket("the client closed its socket");
  if (socket_.is_open()) wait_again();
}

void SocketConnection::receive_some() {
  for (int frame = 0; frame < frames_per_wakeup_max; ++frame) {
    // JavaScript may have paused or closed us while it had the frame before.
    if (!socket_.is_open() || is_paused_) return;
    sys::Packet packet;
    const std::span<std::uint8_t> buffer = receive_buffer();
    sys::Result<sys::Received> received = sys::receive_packet(socket_.get(), buffer, packet);
    if (!received.ok()) return end_socket("its socket failed");
    if (received.value() == sys::Received::nothing) return;
    if (received.value() == sys::Received::end) return end_socket("the client closed its socket");
    deliver(packet, buffer.data());
  }
}

void SocketConnection::deliver(sys::Packet &packet, const std::uint8_t *bytes) {
  const Napi::Env env = Env();
  const Napi::HandleScope scope(env);
  const Napi::Value frame = Napi::Buffer<std::uint8_t>::Copy(env, bytes, packet.length_bytes);
  const Napi::Array descriptors = Napi::Array::New(env, packet.descriptors.size());
  for (std::uint32_t index = 0; index < packet.descriptors.size(); ++index) {
    descriptors.Set(index, Napi::Number::New(env, packet.descriptors[index].release()));
  }
  call_from_loop(on_frame_, {frame, descriptors, Napi::Boolean::New(env, packet.is_truncated),
                             Napi::Boolean::New(env, packet.has_lost_descriptors)});
}

void SocketConnection::end_socket(const char *reason) {
  if (!outlives_socket_) return end(reason);
  socket_watch_.stop();
  socket_.reset();
}

void SocketConnection::end(const char *reason) {
  if (!is_started_) return;
  const Napi::Env env = Env();
  const Napi::HandleScope scope(env);
  [[maybe_unused]] const Napi::Object keep_alive = Value();
  const Napi::FunctionReference on_close = std::move(on_close_);
  release();
  call_from_loop(on_close, {Napi::String::New(env, reason)});
}

void SocketConnection::release() {
  socket_watch_.stop();
  process_watch_.stop();
  if (socket_.is_open()) sys::discard_input(socket_.get());
  socket_.reset();
  process_.reset();
  on_frame_.Reset();
  on_writable_.Reset();
  on_close_.Reset();
  if (is_started_) Unref();
  is_started_ = false;
}

void SocketConnection::wait_again() {
  const int reading = is_paused_ ? 0 : UV_READABLE;
  const int writing = is_awaiting_writable_ ? UV_WRITABLE : 0;
  if (!is_started_ || !socket_.is_open()) return;
  socket_watch_.wait_for(reading | writing | UV_DISCONNECT);
}

}  // namespace pagerd::binding
