# SPDX-License-Identifier: MIT OR Apache-2.0
# Erlang's machine: its own allocators by kind and by scheduler, on mmap; then every one of them on malloc.
# needs: erl erlang-base

cat > heap.erl <<'END'
-module(heap).
-export([main/0]).
main() ->
    T = ets:new(t, [set, public]),
    [ets:insert(T, {I * 7919 rem 20011, binary:copy(<<"x">>, I rem 900)}) || I <- lists:seq(1, 60000)],
    S = ets:foldl(fun({_, B}, A) -> A + byte_size(B) end, 0, T),
    io:format("~p ~p~n", [ets:info(T, size), S]),
    Me = self(),
    N = 4000,
    [spawn(fun() -> L = lists:sort([J * I rem 9973 || J <- lists:seq(1, 90)]), Me ! {I, lists:sum(L), list_to_binary(integer_to_list(I))} end) || I <- lists:seq(1, N)],
    R = lists:sum([receive {I, X, B} -> X + byte_size(B) end || I <- lists:seq(1, N)]),
    io:format("~p~n", [R]),
    F = lists:foldl(fun(A, B) -> A * B end, 1, lists:seq(1, 2500)),
    io:format("~p~n", [F rem 1000000007]),
    D = zlib:compress(term_to_binary(lists:seq(1, 90000))),
    io:format("~p ~p~n", [byte_size(D), length(binary_to_term(zlib:uncompress(D)))]),
    io:format("~p~n", [length(re:split(binary:copy(<<"ab1cd22 ">>, 9000), <<"[0-9]+">>))]),
    P = open_port({spawn, "sort -r"}, [stream]),
    port_close(P),
    halt(0).
END
export ERL_CRASH_DUMP=/dev/null
erlc heap.erl
erl -noshell -boot no_dot_erlang -s heap main
erl +Mea min -noshell -boot no_dot_erlang -s heap main
erl +S 2:2 +A 8 -noshell -boot no_dot_erlang -s heap main
