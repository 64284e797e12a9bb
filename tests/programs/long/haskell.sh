# SPDX-License-Identifier: MIT OR Apache-2.0
# GHC: a copying collector on memory of its own, arenas and foreign pointers on malloc; first the compiler, then
# what it made, with and without threads.
# needs: ghc ghc
# needs: sha256sum coreutils

cat > Work.hs <<'END'
module Main (main) where
import Control.Concurrent
import Control.Monad
import qualified Data.Map.Strict as M
import Data.List (foldl')
import Foreign
main :: IO ()
main = do
  let m = foldl' (\t i -> M.insertWith (+) (i * 7919 `mod` 20011) i t) M.empty [1 .. 200000 :: Int]
  print (M.size m, M.foldl' (+) 0 m)
  print (product [1 .. 3000 :: Integer] `mod` 1000000007)
  done <- newEmptyMVar
  forM_ [1 .. 200 :: Int] $ \n -> forkOS $ do
    s <- allocaBytes (n * 100) $ \p -> do
      forM_ [0 .. n] $ \i -> pokeByteOff p i (fromIntegral i :: Word8)
      sum . map fromIntegral <$> (peekArray n p :: IO [Word8])
    f <- mallocBytes (n * 333) :: IO (Ptr Word8)
    g <- reallocBytes f (n * 777)
    h <- newForeignPtr finalizerFree g
    withForeignPtr h (\p -> poke p 1)
    putMVar done (s :: Int)
  sums <- replicateM 200 (takeMVar done)
  print (sum sums)
  print (length (words (concatMap (\i -> show i ++ " ") [1 .. 90000 :: Int])))
END
ghc -v0 -O1 Work.hs -o plain
ghc -v0 -O1 -threaded -rtsopts Work.hs -outputdir t -o threaded
ghc -v0 -e 'sum (map length (lines (unlines (replicate 20000 "abc"))))'
./threaded
./threaded +RTS -N2 -A1m -c
