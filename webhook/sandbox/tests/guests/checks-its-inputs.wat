;; Answers with nothing if its three inputs stand in the room it gave, one after the other and each at a
;; multiple of 8, and `gatehouse_alloc` was called once; otherwise it traps.
(module
  (memory (export "memory") 2)
  (global $room (mut i32) (i32.const 0))
  (func (export "gatehouse_alloc") (param $len i32) (result i32)
    (if (global.get $room) (then unreachable))
    (global.set $room (local.get $len))
    i32.const 65536)
  (func $padded (param $len i32) (result i32)
    (i32.and (i32.add (local.get $len) (i32.const 7)) (i32.const -8)))
  (func $must (param i32) (if (i32.eqz (local.get 0)) (then unreachable)))
  (func (export "gatehouse_configure") (param i32 i32) (result i64)
    (call $must (i32.eq (local.get 0) (i32.const 65536)))
    (call $must (i32.eq (global.get $room) (call $padded (local.get 1))))
    i64.const 0)
  (func (export "gatehouse_evaluate") (param i32 i32 i32 i32 i32 i32) (result i64)
    (call $must (i32.eq (local.get 0) (i32.const 65536)))
    (call $must
      (i32.eq (local.get 2) (i32.add (local.get 0) (call $padded (local.get 1)))))
    (call $must
      (i32.eq (local.get 4) (i32.add (local.get 2) (call $padded (local.get 3)))))
    (call $must
      (i32.eq
        (i32.add (i32.const 65536) (global.get $room))
        (i32.add (local.get 4) (call $padded (local.get 5)))))
    i64.const 0))
