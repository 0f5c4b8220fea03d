;; A policy that answers @ANSWER@ unless the request's text contains @NEEDLE@.
;; src/guest.rs fills in what stands between at signs.
(module
  (memory (export "memory") 64)
  (data (i32.const 1024) "@NEEDLE@")
  (data (i32.const 4096) "@ANSWER@")
  (func (export "gatehouse_alloc") (param i32) (result i32) (i32.const 65536))
  (func (export "gatehouse_configure") (param i32 i32) (result i64) (i64.const 0))
  (func $needle_stands_at (param $at i32) (result i32)
    (local $i i32)
    (loop $bytes
      (if (i32.eq (local.get $i) (i32.const @NEEDLE_LEN@)) (then (return (i32.const 1))))
      (if (i32.ne
            (i32.load8_u (i32.add (local.get $at) (local.get $i)))
            (i32.load8_u offset=1024 (local.get $i)))
        (then (return (i32.const 0))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $bytes))
    unreachable)
  (func (export "gatehouse_evaluate")
    (param $request i32) (param $length i32) (param i32 i32 i32 i32) (result i64)
    (local $end i32)
    (local.set $end (i32.add (local.get $request) (local.get $length)))
    (block $absent
      (loop $places
        (br_if $absent
          (i32.gt_u (i32.add (local.get $request) (i32.const @NEEDLE_LEN@)) (local.get $end)))
        (if (call $needle_stands_at (local.get $request)) (then (return (i64.const 0))))
        (local.set $request (i32.add (local.get $request) (i32.const 1)))
        (br $places)))
    (i64.or
      (i64.shl (i64.const 4096) (i64.const 32))
      (i64.const @ANSWER_LEN@)))
  (@custom "gatehouse.policy" "@METADATA@"))
